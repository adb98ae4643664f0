/** docs/benchmarks.svg: for each row of load a bar per front, as a ratio to the row's reference. */
import { digits, type Line, OURS, type RowSummary } from './summary.ts';

const WIDTH = 860;
const LEFT = 250;
/** Room for the two columns of numbers. */
const RIGHT = 160;
const TOP = 66;
const BAR = 13;
const STEP = 17;
const ROW_HEAD = 22;
const ROW_GAP = 12;
/** Bars end here with a torn edge and their number. */
const LONGEST_RATIO = 3;

/** The whole picture; readable on a light and on a dark page. */
export function plot(summaries: readonly RowSummary[]): string {
  const shown = summaries.filter((summary) => summary.row.plan.kind === 'load');
  let y = TOP;
  const parts: string[] = [];
  for (const summary of shown) {
    parts.push(rowPicture(summary, y));
    y += ROW_HEAD + summary.lines.length * STEP + ROW_GAP;
  }
  const height = y + 8;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Processor time per request, as a ratio to the reference of each row">
<style>
text { font: 12px system-ui, "DejaVu Sans", sans-serif; fill: #24292f; }
.title { font-size: 16px; font-weight: 600; }
.row { font-weight: 600; }
.quiet { fill: #59636e; }
.page { fill: #ffffff; }
.peer { fill: #a3adb8; }
.ours { fill: #1f7a5c; }
.one { stroke: #59636e; stroke-dasharray: 3 3; }
.edge { stroke: #ffffff; stroke-width: 6; }
.target { stroke: #c2410c; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.quiet { fill: #9aa4ae; }
.page { fill: #0d1117; }
.peer { fill: #5c6670; }
.ours { fill: #3fb68b; }
.one { stroke: #9aa4ae; }
.edge { stroke: #0d1117; }
.target { stroke: #fb923c; }
}
</style>
<rect class="page" width="${WIDTH}" height="${height}" rx="6"/>
<text class="title" x="16" y="28">Processor time per request</text>
<text class="quiet" x="16" y="48">as a ratio to the reference of each row (dashed, 1.0); shorter is better; the orange mark is the most that tandem may cost</text>
${parts.join('\n')}
</svg>
`;
}

function rowPicture({ row, referenceLabel, lines }: RowSummary, top: number): string {
  const head = `<text class="row" x="16" y="${top + 14}">${escaped(row.title)} <tspan class="quiet" font-weight="400">ratio to ${escaped(referenceLabel)}</tspan></text>`;
  const first = top + ROW_HEAD;
  const bars = lines.map((line, index) => barPicture(line, first + index * STEP));
  const bottom = first + lines.length * STEP;
  const one = at(1);
  const dashes = `<line class="one" x1="${one}" y1="${first - 2}" x2="${one}" y2="${bottom - 2}"/>`;
  return [head, ...bars, dashes].join('\n');
}

function barPicture(line: Line, y: number): string {
  const base = y + 10.5;
  const name = `<text x="${LEFT - 8}" y="${base}" text-anchor="end">${escaped(line.label)}</text>`;
  if (line.ratio === undefined || line.value === undefined || line.failure !== '') {
    return `${name}<text class="quiet" x="${LEFT + 6}" y="${base}">not measured</text>`;
  }
  const ratio = line.ratio.median;
  const end = at(Math.min(ratio, LONGEST_RATIO));
  const kind = line.peer === OURS ? 'ours' : 'peer';
  const bar = `<rect class="${kind}" x="${LEFT}" y="${y}" width="${digits(end - LEFT)}" height="${BAR}" rx="2"/>`;
  const torn =
    ratio > LONGEST_RATIO
      ? `<path class="page" d="M${end - 16} ${y + BAR + 1}l5 -${BAR + 2}h4l-5 ${BAR + 2}z"/>`
      : '';
  const numbers = [
    `<text x="${WIDTH - 90}" y="${base}" text-anchor="end">${digits(ratio)}</text>`,
    `<text class="quiet" x="${WIDTH - 16}" y="${base}" text-anchor="end">${digits(line.value.median)} µs</text>`,
  ].join('');
  return [name, bar, torn, targetMark(line, y), numbers].join('');
}

/** Marks the targets that are ratios to the peer that the row is drawn against. */
function targetMark(line: Line, y: number): string {
  const ratio = line.ratio?.median;
  const marks: string[] = [];
  for (const { target, figure } of line.verdicts) {
    if (ratio === undefined || figure === undefined || figure === 0) continue;
    // a target against another peer, on the scale of this row's reference
    const x = digits(at(Math.min((target.atMost * ratio) / figure, LONGEST_RATIO)));
    const ends = `x1="${x}" y1="${y - 1}" x2="${x}" y2="${y + BAR + 1}"`;
    marks.push(`<line class="edge" ${ends}/><line class="target" ${ends}/>`);
  }
  return marks.join('');
}

function at(ratio: number): number {
  return LEFT + (ratio / LONGEST_RATIO) * (WIDTH - LEFT - RIGHT);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
