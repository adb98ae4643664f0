/** The tables on the terminal. */
import { styleText } from 'node:util';
import type { Results } from './results.ts';
import {
  digits,
  type Line,
  type RowSummary,
  shareOfOthers,
  unitWords,
  type Verdict,
} from './summary.ts';

/** Paints text where the output is a terminal, and leaves it plain where it is piped. */
export type Paint = (style: 'bold' | 'dim' | 'green' | 'red' | 'yellow', text: string) => string;

/** A painter for standard output. */
export function painterFor(isTerminal: boolean): Paint {
  if (!isTerminal || process.env['NO_COLOR']) return (_style, text) => text;
  return (style, text) => styleText(style, text, { validateStream: false });
}

/** Share of the core from which on a reader is warned. */
const DISTURBED_FROM = 0.1;

/** The whole report of a run. */
export function terminalReport(
  results: Results,
  summaries: readonly RowSummary[],
  paint: Paint,
): string {
  const blocks = summaries.map((summary) => rowBlock(summary, paint));
  const missing = results.missing.map(({ label, reason }) =>
    paint('red', `LEFT OUT: ${label}: ${reason}`),
  );
  return [...blocks, ...missing, ...disturbance(results, paint), ''].join('\n');
}

function disturbance(results: Results, paint: Paint): string[] {
  const share = shareOfOthers(results);
  if (share < DISTURBED_FROM) return [];
  const words = `others had ${Math.round(share * 100)}% of the front's core: these figures are rough`;
  return [paint('yellow', `DISTURBED: ${words}`)];
}

function rowBlock(summary: RowSummary, paint: Paint): string {
  const { row, referenceLabel } = summary;
  const isGrown = summary.lines.some((line) => line.growth !== undefined);
  const heads = [
    unitWords(row.unit).padStart(15),
    'least - greatest'.padStart(18),
    `to ${referenceLabel}`.padStart(22),
    isGrown ? 'growth'.padStart(8) : '',
    'busy'.padStart(6),
  ];
  const title = paint('bold', `${row.title} `) + paint('dim', `(${row.id})`);
  const header = paint('dim', `  ${'front'.padEnd(28)}${heads.join('')}`);
  return [title, header, ...summary.lines.map((line) => lineText(line, isGrown, paint)), ''].join(
    '\n',
  );
}

function lineText(line: Line, isGrown: boolean, paint: Paint): string {
  const name = `  ${line.label.padEnd(28)}`;
  if (line.value === undefined || line.failure !== '') {
    return `${name}${paint('red', `FAILED: ${line.failure || 'nothing was measured'}`)}`;
  }
  const { median, min, max } = line.value;
  const cells = [
    digits(median).padStart(15),
    `${digits(min)} - ${digits(max)}`.padStart(18),
    (line.ratio === undefined ? '' : digits(line.ratio.median)).padStart(22),
    isGrown ? (line.growth === undefined ? '' : digits(line.growth.median)).padStart(8) : '',
    (line.busy === undefined ? '' : `${Math.round(line.busy * 100)}%`).padStart(6),
  ];
  const verdicts = line.verdicts.map((verdict) => verdictText(verdict, paint));
  return `${name}${cells.join('')}  ${verdicts.join('; ')}`.trimEnd();
}

function verdictText(verdict: Verdict, paint: Paint): string {
  const wanted = `at most ${verdict.words}`;
  if (verdict.figure === undefined || verdict.isMet === undefined) {
    return paint('yellow', `${wanted}: not measured`);
  }
  const words = `${wanted}: ${digits(verdict.figure)}, ${verdict.isMet ? 'met' : 'NOT MET'}`;
  return paint(verdict.isMet ? 'green' : 'red', words);
}
