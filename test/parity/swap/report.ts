/**
 * Prints what all four stacks answer, as a table: `node test/parity/swap/report.ts`. The last column
 * says what was compared and found alike; exit code 1 where something was not.
 */
import { CASES, type Case, DIFFERENCES, OUTAGE } from './cases.ts';
import { type Answer, askAll, complaintsOf, fieldOf } from './compare.ts';
import { STACKS, type Stack, startStacks } from './stacks.ts';
import { castVotes } from './votes.ts';

const CLIENTS = 8;
const ROUNDS = 6;

type Row = readonly string[];

const LEGEND = `
Bytes of content are counted after decoding, with the name in built-in pages masked.
same bytes: status, field lines and content of all four, but for Date, Server and that name
same facts: so for two fronts before one pool, tokens masked; two pools behind one front have the
            same status, Location, Allow, media type and coding, and the page says the same

Known differences of Django:`;

const HEADING: Row = ['request', ...STACKS, 'verdict'];
const complaints: string[] = [];

const stacks = await startStacks();
try {
  const rows: Row[] = [];
  for (const each of CASES) rows.push(rowOf(each, await askAll(stacks.all, each)));
  rows.push(await votesRow(stacks.all));
  const away: Answer[][] = OUTAGE.map(() => []);
  for (const pool of ['tandem', 'gunicorn'] as const) {
    await stacks[pool].stop();
    for (const [i, each] of OUTAGE.entries()) {
      away[i]?.push(...(await askAll(stacks.before(pool), each)));
    }
    await stacks[pool].start();
  }
  rows.push(...OUTAGE.map((each, i) => rowOf(each, away[i] ?? [])));
  print(rows);
} finally {
  await stacks.stop();
}

function rowOf(each: Case, answers: readonly Answer[]): Row {
  const found = complaintsOf(each, answers);
  complaints.push(...found.map((text) => `${each.name}: ${text}`));
  return [each.name, ...answers.map(cellOf), found.length > 0 ? 'DIFFERS' : verdictOf(each)];
}

/** Status, then where it leads, or what came: bytes of content after decoding. */
function cellOf({ seen }: Answer): string {
  const location = fieldOf(seen, 'location');
  if (location !== undefined) return `${seen.status} to ${location}`;
  const encoding = fieldOf(seen, 'content-encoding') === undefined ? '' : ', gzip';
  return `${seen.status}, ${seen.content.length} B${encoding}`;
}

function verdictOf({ name, by }: Case): string {
  if (by === 'front') return 'same bytes';
  return DIFFERENCES[name] === undefined ? 'same facts' : 'known difference';
}

async function votesRow(all: readonly Stack[]): Promise<Row> {
  const cells: string[] = [];
  for (const stack of all) {
    const { before, wanted } = await castVotes(stack, CLIENTS, ROUNDS);
    const now = stack.pool.votes();
    const counted = sum(now) - sum(before);
    cells.push(`${counted} of ${sum(wanted) - sum(before)}`);
    if (Object.keys(wanted).some((id) => now[Number(id)] !== wanted[Number(id)])) {
      complaints.push(`${stack.name}: ${JSON.stringify(now)} and not ${JSON.stringify(wanted)}`);
    }
  }
  const verdict = new Set(cells).size === 1 ? 'all counted' : 'DIFFERS';
  return [`votes of ${CLIENTS} people at once`, ...cells, verdict];
}

function sum(votes: Readonly<Record<number, number>>): number {
  return Object.values(votes).reduce((total, each) => total + each, 0);
}

function print(rows: readonly Row[]): void {
  const widths = HEADING.map((_, i) =>
    Math.max(...[HEADING, ...rows].map((row) => row[i]?.length ?? 0)),
  );
  const line = (row: Row) => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  console.log(line(HEADING));
  console.log(line(widths.map((width) => '-'.repeat(width))));
  for (const row of rows) console.log(line(row));
  console.log(LEGEND);
  for (const [name, { status, why }] of Object.entries(DIFFERENCES)) {
    console.log(`- ${name}${status === undefined ? '' : ` (${status})`}: ${why}`);
  }
  for (const text of complaints) console.error(`DIFFERS: ${text}`);
  if (complaints.length > 0) process.exitCode = 1;
}
