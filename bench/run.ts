/** `npm run bench`: ours and its peers in one run. See README.md beside this file. */
import { availableParallelism } from 'node:os';
import { bundle } from '../bin/bundle.js';
import { LOAD_CORE } from './cores.ts';
import { firstAnswer } from './instances.ts';
import { endAll, endWithThisProcess, runToEnd } from './launch.ts';
import { timeSource } from './measure/processes.ts';
import { type Options, readOptions, UsageError, usage } from './options.ts';
import { PEERS } from './peers/all.ts';
import type { Peer } from './peers/peer.ts';
import { lacksProgram } from './peers/programs.ts';
import { writeDocuments } from './report/documents.ts';
import { LATEST, type Results, readResults, thisMachine, writeResults } from './report/results.ts';
import { summarize } from './report/summary.ts';
import { painterFor, terminalReport } from './report/terminal.ts';
import { SMALL_PROXIED } from './requests.ts';
import { entriesFor, runRounds } from './rounds.ts';
import { makeSite, removeSite, startBackend } from './site.ts';

const say = painterFor(process.stderr.isTTY === true);

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.asksForHelp) {
    process.stdout.write(`${usage()}\n`);
    return;
  }
  if (options.onlyRenders) {
    for (const path of writeDocuments(readResults(LATEST))) process.stderr.write(`wrote ${path}\n`);
    return;
  }
  await proveMachine();
  await bundle();
  endWithThisProcess();
  const results = await measure(options);
  const summaries = summarize(results);
  const paint = painterFor(process.stdout.isTTY === true);
  process.stdout.write(`\n${terminalReport(results, summaries, paint)}`);
  if (options.jsonFile !== undefined) writeResults(options.jsonFile, results);
  const failures = summaries.flatMap(({ row, lines }) =>
    lines.filter((line) => line.failure !== '').map((line) => `${row.id}, ${line.label}`),
  );
  if (failures.length > 0) {
    process.exitCode = 1;
    const words = `${failures.length} figures failed, nothing written: ${failures.join('; ')}`;
    process.stderr.write(`${say('red', words)}\n`);
  } else if (options.writes) {
    writeResults(LATEST, results);
    const written = [...writeDocuments(results), 'bench/results/latest.json'];
    process.stderr.write(`wrote ${written.join(', ')}\n`);
  }
}

async function measure(options: Options): Promise<Results> {
  const missing: { label: string; reason: string }[] = [];
  const present = presentPeers(options, missing);
  for (const { label, reason } of missing) {
    process.stderr.write(`${say('red', `LEFT OUT: ${label}: ${reason}`)}\n`);
  }
  const entries = entriesFor(options, present);
  if (entries.length === 0) throw new UsageError('no row is left with these rows and fronts');
  const site = makeSite();
  process.on('exit', () => removeSite(site));
  try {
    await firstAnswer(startBackend(site), { socketPath: site.backend }, SMALL_PROXIED);
    const { rows, complaints } = await runRounds(entries, options, site, showProgress());
    for (const line of complaints) process.stderr.write(`${say('yellow', `LOGGED: ${line}`)}\n`);
    const kept = rows.map(({ row, series }) => ({ id: row.id, series }));
    const { rounds, seconds, shrink } = options;
    return { machine: thisMachine(timeSource()), rounds, seconds, shrink, missing, rows: kept };
  } finally {
    await endAll();
  }
}

function presentPeers(
  options: Options,
  missing: { label: string; reason: string }[],
): ReadonlySet<Peer> {
  const present = new Set<Peer>();
  const roles = new Set(options.rows.map((row) => row.role));
  for (const peer of PEERS) {
    if (!options.fronts.has(peer.id) || !roles.has(peer.role)) continue;
    const reason = peer.lacks();
    if (reason === undefined) present.add(peer);
    else missing.push({ label: `${peer.label} (${peer.role})`, reason });
  }
  return present;
}

/** Two cores, the kernel's accounts, the load generator; and this process out of the front's way. */
async function proveMachine(): Promise<void> {
  if (process.platform !== 'linux') throw new UsageError('processor time is read from Linux /proc');
  if (availableParallelism() < 2) throw new UsageError('the front and the load need a core each');
  for (const program of ['taskset', 'wrk', 'nginx']) {
    const lack = lacksProgram(program);
    if (lack !== undefined) throw new UsageError(lack);
  }
  const pin = ['-a', '-cp', String(LOAD_CORE), String(process.pid)];
  await runToEnd('taskset', pin, { timeoutMs: 5000 });
}

/** One line that is written over on a terminal; one line per round where it is piped. */
function showProgress(): (text: string) => void {
  if (process.stderr.isTTY === true) {
    return (text) => process.stderr.write(`\r\x1b[K${text}`);
  }
  let last = '';
  return (text) => {
    const stage = text.split(':')[0]!;
    if (stage !== last) process.stderr.write(`${stage}\n`);
    last = stage;
  };
}

try {
  await main();
} catch (problem) {
  process.exitCode = 1;
  if (!(problem instanceof UsageError)) throw problem;
  process.stderr.write(`${problem.message}\n${usage()}\n`);
}
