/** docs/benchmarks.md. */
import type { Row } from '../rows.ts';
import { limitNotes, methodNotes } from './notes.ts';
import type { Results } from './results.ts';
import {
  digits,
  type Line,
  OURS,
  type RowSummary,
  shareOfOthers,
  unitWords,
  type Verdict,
} from './summary.ts';

const GROUPS: readonly (readonly [Row['group'], string])[] = [
  ['front', 'The front'],
  ['pool', 'The pool alone, over a Unix socket'],
  ['growth', 'How cost grows'],
  ['start', 'Start and memory'],
];

/** The whole page. */
export function markdownReport(results: Results, summaries: readonly RowSummary[]): string {
  const parts = [
    '# Benchmarks',
    'Written by `npm run bench`; do not edit. How to run and read it: [bench/README.md](../bench/README.md).',
    '![Processor time per request as a ratio to the reference of each row](benchmarks.svg)',
    machineTable(results),
    ...targetsTable(summaries),
    '## How the figures are made',
    list(methodNotes(results)),
    '## What a figure does not show',
    list(limitNotes()),
  ];
  for (const [group, title] of GROUPS) {
    const members = summaries.filter((summary) => summary.row.group === group);
    if (members.length > 0) parts.push(`## ${title}`, ...members.map(rowTable));
  }
  return `${parts.join('\n\n')}\n`;
}

function machineTable(results: Results): string {
  const { machine, missing } = results;
  const rows = [
    ['machine', `${machine.processor}, ${machine.cores} cores, Linux ${machine.kernel}`],
    ['versions', `Node ${machine.node}, nginx ${machine.nginx}, HAProxy ${machine.haproxy}`],
    ["others on the front's core", `${Math.round(shareOfOthers(results) * 100)} % of its time`],
    ...missing.map(({ label, reason }) => [`left out: ${label}`, reason]),
  ];
  return table(['', ''], '|---|---|', rows);
}

function targetsTable(summaries: readonly RowSummary[]): string[] {
  const rows: string[][] = [];
  for (const { row, lines } of summaries) {
    for (const verdict of lines.find((line) => line.peer === OURS)?.verdicts ?? []) {
      const figure = verdict.figure === undefined ? 'not measured' : digits(verdict.figure);
      rows.push([row.title, verdict.words, figure, metWords(verdict)]);
    }
  }
  if (rows.length === 0) return [];
  const head = ['tandem', 'at most', 'measured', 'met'];
  return ['## Targets', table(head, '|---|---|--:|---|', rows)];
}

function metWords(verdict: Verdict): string {
  if (verdict.isMet === undefined) return '';
  return verdict.isMet ? 'yes' : '**no**';
}

function rowTable({ row, referenceLabel, lines }: RowSummary): string {
  const isGrown = lines.some((line) => line.growth !== undefined);
  const head = ['', unitWords(row.unit), 'least to greatest', `ratio to ${referenceLabel}`];
  if (isGrown) head.push('ratio to itself before');
  head.push('busy');
  const rule = `|---|${'--:|'.repeat(head.length - 1)}`;
  return `### ${row.title}\n\n${table(
    head,
    rule,
    lines.map((line) => cellsOf(line, isGrown)),
  )}`;
}

function cellsOf(line: Line, isGrown: boolean): string[] {
  const name = line.peer === OURS ? `**${line.label}**` : line.label;
  if (line.value === undefined || line.failure !== '') {
    return [name, `failed: ${line.failure.replaceAll(/[|\n]/g, ' ')}`];
  }
  const { median, min, max } = line.value;
  const cells = [name, digits(median), `${digits(min)} to ${digits(max)}`];
  cells.push(line.ratio === undefined ? '' : digits(line.ratio.median));
  if (isGrown) cells.push(line.growth === undefined ? '' : digits(line.growth.median));
  cells.push(line.busy === undefined ? '' : `${Math.round(line.busy * 100)} %`);
  return cells;
}

function table(
  head: readonly string[],
  rule: string,
  rows: readonly (readonly string[])[],
): string {
  const lines = rows.map((cells) => `| ${cells.join(' | ')} |`);
  return [`| ${head.join(' | ')} |`, rule, ...lines].join('\n');
}

function list(sentences: readonly string[]): string {
  return sentences.map((sentence) => `- ${sentence}`).join('\n');
}
