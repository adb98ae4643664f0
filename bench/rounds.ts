/** Runs the rounds: in each one every row, in each row every peer in turn. */
import { firstComplaint, type Instance, startInstance, stopInstance, warmUp } from './instances.ts';
import { type Bench, type Sample, takeSample } from './measure/sample.ts';
import type { Options } from './options.ts';
import { PEERS } from './peers/all.ts';
import type { Peer, ScenarioName } from './peers/peer.ts';
import type { RequestShape } from './requests.ts';
import { type Row, requestsTo, startsFresh, type Visit, visitsOf } from './rows.ts';
import type { Site } from './site.ts';

/** What was measured of one peer in one row. */
export interface Series {
  readonly peer: string;
  readonly label: string;
  /** One for each round. */
  readonly samples: Sample[];
  /** Why it was given up; empty where it was not. */
  failure: string;
}

/** One row with its peers. */
export interface RowResult {
  readonly row: Row;
  readonly series: readonly Series[];
}

/** A row and the peers that take part in it. */
export interface Entry {
  readonly row: Row;
  readonly peers: readonly Peer[];
}

/** All rows, and what the fronts wrote to their error logs meanwhile. */
export interface RunResult {
  readonly rows: readonly RowResult[];
  readonly complaints: readonly string[];
}

/** Hears how far the run is. */
export type Progress = (text: string) => void;

/** The rows that can be measured with these peers, in order. */
export function entriesFor(options: Options, present: ReadonlySet<Peer>): Entry[] {
  const entries: Entry[] = [];
  for (const row of options.rows) {
    const peers = PEERS.filter(
      (peer) =>
        peer.role === row.role &&
        row.fronts.includes(peer.id) &&
        options.fronts.has(peer.id) &&
        present.has(peer),
    );
    if (peers.length > 0) entries.push({ row, peers });
  }
  return entries;
}

/**
 * Measures all entries. A peer that fails in a row is given up there, with the reason in its
 * series, and the others go on.
 */
export async function runRounds(
  entries: readonly Entry[],
  options: Options,
  site: Site,
  progress: Progress,
): Promise<RunResult> {
  const results = entries.map(({ row, peers }) => ({
    row,
    series: peers.map(({ id, label }) => ({ peer: id, label, samples: [], failure: '' })),
  }));
  const fleet = new Fleet(site);
  const { seconds, shrink } = options;
  const instanceFor = (peer: Peer, visit: Visit): Instance => fleet.instanceFor(peer, visit);
  const bench: Bench = { site, seconds, shrink, instanceFor };
  await fleet.start(entries, progress);
  for (let round = 1; round <= options.rounds; round++) {
    for (const [index, { row, peers }] of entries.entries()) {
      if (round > row.mostRounds) continue;
      progress(`round ${round} of ${options.rounds}: ${row.id}`);
      for (const [at, peer] of peers.entries()) {
        await addSample(bench, peer, row, results[index]!.series[at]!);
      }
    }
  }
  const complaints = fleet.complaints();
  await fleet.stop();
  return { rows: results, complaints };
}

async function addSample(bench: Bench, peer: Peer, row: Row, series: Series): Promise<void> {
  if (series.failure !== '') return;
  try {
    series.samples.push(await takeSample(bench, peer, row.plan));
  } catch (problem) {
    series.failure = wordsOf(problem);
  }
}

/** The instances that keep running: one for each peer and scenario. */
class Fleet {
  readonly site: Site;
  readonly instances = new Map<string, Instance>();
  /** Why an instance could not start. */
  readonly failures = new Map<string, string>();
  /** Why an instance is not measured with a request. */
  readonly wrongAnswers = new Map<Instance, Map<RequestShape, string>>();

  constructor(site: Site) {
    this.site = site;
  }

  async start(entries: readonly Entry[], progress: Progress): Promise<void> {
    for (const { row, peers } of entries) {
      if (startsFresh(row.plan)) continue;
      for (const peer of peers) {
        for (const visit of visitsOf(row.plan)) await this.startOne(peer, visit, progress);
      }
    }
  }

  /** Warm with every request of its scenario, so that a row alone is measured as in a whole run. */
  async startOne(peer: Peer, visit: Visit, progress: Progress): Promise<void> {
    const key = keyOf(peer, visit);
    if (this.instances.has(key) || this.failures.has(key)) return;
    progress(`starting ${peer.label} (${visit.scenario})`);
    try {
      const instance = await startInstance(peer, visit.scenario, this.site, visit.request);
      this.instances.set(key, instance);
      await this.warm(instance, visit.scenario);
    } catch (problem) {
      this.failures.set(key, wordsOf(problem));
    }
  }

  async warm(instance: Instance, scenario: ScenarioName): Promise<void> {
    const { role, id } = instance.peer;
    const wrong = new Map<RequestShape, string>();
    this.wrongAnswers.set(instance, wrong);
    const serves = (row: Row): boolean => row.role === role && row.fronts.includes(id);
    for (const request of requestsTo(scenario, serves)) {
      try {
        await warmUp(instance, request);
      } catch (problem) {
        wrong.set(request, wordsOf(problem));
      }
    }
  }

  instanceFor(peer: Peer, visit: Visit): Instance {
    const key = keyOf(peer, visit);
    const instance = this.instances.get(key);
    if (instance === undefined) throw new Error(this.failures.get(key) ?? 'it was not started');
    const wrong = this.wrongAnswers.get(instance)?.get(visit.request);
    if (wrong !== undefined) throw new Error(wrong);
    return instance;
  }

  complaints(): string[] {
    const found: string[] = [];
    for (const [key, instance] of this.instances) {
      const line = firstComplaint(instance);
      if (line !== '') found.push(`${key}: ${line}`);
    }
    return found;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.instances.values()].map(stopInstance));
  }
}

function keyOf(peer: Peer, visit: Visit): string {
  return `${peer.role}/${peer.id}/${visit.scenario}`;
}

/** One line, whatever a front printed on its way out. */
function wordsOf(problem: unknown): string {
  const words = problem instanceof Error ? problem.message : String(problem);
  return words.replaceAll(/\s+/g, ' ');
}
