/** The command line of the benchmark. */
import { parseArgs } from 'node:util';
import { ON_REQUEST, PEERS } from './peers/all.ts';
import { ROWS, type Row } from './rows.ts';

/** What is to be done. */
export interface Options {
  readonly rows: readonly Row[];
  /** Ids of the peers that take part. */
  readonly fronts: ReadonlySet<string>;
  readonly rounds: number;
  /** Seconds of load in one measurement. */
  readonly seconds: number;
  /** Divides the numbers of idle connections. */
  readonly shrink: number;
  /** Whether the documents and the results are written. */
  readonly writes: boolean;
  /** Only writes the documents again, from the results of the last whole run. */
  readonly onlyRenders: boolean;
  /** File for the results of this run, beside what `writes` says. */
  readonly jsonFile: string | undefined;
  readonly asksForHelp: boolean;
}

/** A command line that cannot be followed. */
export class UsageError extends Error {
  readonly code = 'ERR_BENCH_USAGE';
}

/** How to call it. */
export function usage(): string {
  return `usage: npm run bench -- [options]
  --rows A,B      only these rows: ${ROWS.map((row) => row.id).join(', ')}
  --fronts A,B    only these: ${[...new Set(PEERS.map((peer) => peer.id))].join(', ')}
                  (not unless named: ${ON_REQUEST.join(', ')})
  --rounds N      rounds (7)
  --seconds S     whole seconds of load in each measurement (1)
  --quick         one round, fewer connections; a look, not a figure
  --no-write      writes neither docs/benchmarks.* nor bench/results/latest.json
  --write         writes them after a partial run too
  --json FILE     writes the raw results of this run to a file
  --render        writes docs/benchmarks.* again from bench/results/latest.json`;
}

/** Reads the command line; throws a UsageError that says what is wrong. */
export function readOptions(args: readonly string[]): Options {
  const values = parse(args);
  const isQuick = values.quick === true;
  const isPartial = values.rows !== undefined || values.fronts !== undefined || isQuick;
  const known = new Set(PEERS.map((peer) => peer.id));
  const usual = [...known].filter((id) => !ON_REQUEST.includes(id));
  const fronts = chosen('--fronts', values.fronts, [...known]) ?? usual;
  const rowIds = ROWS.map((row) => row.id);
  const rows = chosen('--rows', values.rows, rowIds) ?? rowIds;
  if (values.write === true && values['no-write'] === true) {
    throw new UsageError('--write and --no-write contradict each other');
  }
  return {
    rows: ROWS.filter((row) => rows.includes(row.id)),
    fronts: new Set(fronts),
    rounds: wholeNumber('--rounds', values.rounds, isQuick ? 1 : 7),
    seconds: wholeNumber('--seconds', values.seconds, 1),
    shrink: isQuick ? 5 : 1,
    writes: values.write === true || (values['no-write'] !== true && !isPartial),
    onlyRenders: values.render === true,
    jsonFile: values.json,
    asksForHelp: values.help === true,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        rows: { type: 'string' },
        fronts: { type: 'string' },
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        quick: { type: 'boolean' },
        write: { type: 'boolean' },
        'no-write': { type: 'boolean' },
        json: { type: 'string' },
        render: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (problem) {
    throw new UsageError(problem instanceof Error ? problem.message : String(problem));
  }
}

function chosen(
  option: string,
  text: string | undefined,
  known: readonly string[],
): string[] | undefined {
  if (text === undefined) return undefined;
  const words = text.split(',').map((word) => word.trim());
  for (const word of words) {
    if (!known.includes(word)) {
      throw new UsageError(`${option} does not know "${word}"; it knows ${known.join(', ')}`);
    }
  }
  return words;
}

function wholeNumber(option: string, text: string | undefined, usual: number): number {
  if (text === undefined) return usual;
  if (!/^[1-9]\d{0,3}$/.test(text))
    throw new UsageError(`${option} takes a whole number, not "${text}"`);
  return Number(text);
}
