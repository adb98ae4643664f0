/** What the rounds of a row say: figures, ratios, and whether the targets are met. */
import { ratios, type Spread, spread } from '../measure/statistics.ts';
import { ROWS, type Row, type Target, type Unit } from '../rows.ts';
import type { KeptSeries, Results } from './results.ts';

/** The peer that the targets are for. */
export const OURS = 'tandem';

/** One target and how far ours is from it. */
export interface Verdict {
  readonly target: Target;
  /** `to nginx`, `to itself before growth`, `6144 B`. */
  readonly words: string;
  /** The figure that is compared; undefined where it was not measured. */
  readonly figure: number | undefined;
  readonly isMet: boolean | undefined;
}

/** One peer in one row. */
export interface Line {
  readonly peer: string;
  readonly label: string;
  readonly failure: string;
  readonly value: Spread | undefined;
  /** To the row's reference, round by round. */
  readonly ratio: Spread | undefined;
  /** To itself before growth, round by round. */
  readonly growth: Spread | undefined;
  /** Share of the wall time that it ran; undefined where it was not under load. */
  readonly busy: number | undefined;
  readonly verdicts: readonly Verdict[];
}

/** One row as it is reported. */
export interface RowSummary {
  readonly row: Row;
  readonly referenceLabel: string;
  readonly lines: readonly Line[];
}

/** Summaries of all rows of a run, in the order of the tables. */
export function summarize(results: Results): RowSummary[] {
  const summaries: RowSummary[] = [];
  for (const { id, series } of results.rows) {
    const row = ROWS.find((one) => one.id === id);
    if (row === undefined) continue; // results of an older list of rows
    const lines = series.map((one) => lineFor(row, one, series));
    const reference = series.find((one) => one.peer === row.reference);
    summaries.push({ row, lines, referenceLabel: reference?.label ?? row.reference });
  }
  return summaries;
}

/**
 * How much of the front's core others had while fronts were measured, in the median of all
 * measurements; 0 where none was under load.
 */
export function shareOfOthers(results: Results): number {
  const samples = results.rows.flatMap(({ series }) => series.flatMap((one) => one.samples));
  const shares = samples.filter((sample) => sample.busy > 0).map((sample) => sample.others);
  return spread(shares)?.median ?? 0;
}

/** A figure with as many digits as it deserves. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  return size >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** A unit in words. */
export function unitWords(unit: Unit): string {
  return { us: 'µs per request', B: 'bytes', ms: 'ms', MB: 'MB' }[unit];
}

function lineFor(row: Row, one: KeptSeries, all: readonly KeptSeries[]): Line {
  const reference = all.find((other) => other.peer === row.reference);
  const busy = one.samples.map((sample) => sample.busy).filter((share) => share > 0);
  return {
    peer: one.peer,
    label: one.label,
    failure: one.failure,
    value: spread(valuesOf(one)),
    ratio: reference && ratios(valuesOf(one), valuesOf(reference)),
    growth: ratios(valuesOf(one), basesOf(one)),
    busy: spread(busy)?.median,
    verdicts: one.peer === OURS ? row.targets.map((target) => judge(row, target, one, all)) : [],
  };
}

function judge(row: Row, target: Target, ours: KeptSeries, all: readonly KeptSeries[]): Verdict {
  const figure = ours.failure === '' ? figureFor(target, ours, all) : undefined;
  return {
    target,
    words: targetWords(row, target, all),
    figure,
    isMet: figure === undefined ? undefined : figure <= target.atMost,
  };
}

function figureFor(
  target: Target,
  ours: KeptSeries,
  all: readonly KeptSeries[],
): number | undefined {
  if (target.against === 'amount') return spread(valuesOf(ours))?.median;
  if (target.against === 'itself') return ratios(valuesOf(ours), basesOf(ours))?.median;
  const other = all.find((one) => one.peer === target.against);
  return other && ratios(valuesOf(ours), valuesOf(other))?.median;
}

function targetWords(row: Row, target: Target, all: readonly KeptSeries[]): string {
  if (target.against === 'amount') return `${target.atMost} ${row.unit}`;
  if (target.against === 'itself') return `${target.atMost} of its own before`;
  const label = all.find((one) => one.peer === target.against)?.label ?? target.against;
  return `${target.atMost} of ${label}`;
}

function valuesOf(series: KeptSeries): number[] {
  return series.samples.map((sample) => sample.value);
}

function basesOf(series: KeptSeries): (number | undefined)[] {
  return series.samples.map((sample) => sample.base);
}
