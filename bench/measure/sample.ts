/** One measurement of one peer in one round, for each kind of plan. */
import { setTimeout as pause } from 'node:timers/promises';
import { FRONT_CORE } from '../cores.ts';
import {
  generate,
  type Instance,
  proveCount,
  startInstance,
  stepFor,
  stopInstance,
  warmUp,
} from '../instances.ts';
import { holdIdle } from '../load/hold-idle.ts';
import { runWrk } from '../load/wrk.ts';
import type { Peer } from '../peers/peer.ts';
import type { RequestShape } from '../requests.ts';
import type { Plan, Visit } from '../rows.ts';
import type { Site } from '../site.ts';
import {
  descriptorLimit,
  familyOf,
  readCoreTime,
  readPss,
  readTimes,
  timeBetween,
  timeSource,
} from './processes.ts';

/** What one round says of one peer. */
export interface Sample {
  /** In the unit of the row. */
  readonly value: number;
  /** The same before growth. */
  readonly base?: number;
  /** Requests answered; 0 where none are counted. */
  readonly requests: number;
  /** Share of the wall time that the front's processes ran. */
  readonly busy: number;
  /** Share of the wall time that others had the front's core. */
  readonly others: number;
}

/** What a measurement needs to know. */
export interface Bench {
  readonly site: Site;
  /** Seconds of load in one measurement. */
  readonly seconds: number;
  /** Divides the numbers of connections, for a quick look. */
  readonly shrink: number;
  /** The instance that keeps running for a visit. */
  instanceFor(peer: Peer, visit: Visit): Instance;
}

const CONNECTIONS = 50;
const SOURCE = timeSource();
const SPARE_DESCRIPTORS = 500;
const QUIET_WINDOW_MS = 60;
const QUIET_NANOSECONDS = 600_000;
const QUIET_TIMEOUT_MS = 4000;
const AT_REST_MS = 500;

/** Measures one peer once. Throws where an answer was wrong or a connection failed. */
export function takeSample(bench: Bench, peer: Peer, plan: Plan): Promise<Sample> {
  switch (plan.kind) {
    case 'load':
      return underLoad(bench, bench.instanceFor(peer, plan.visit), plan.visit.request, CONNECTIONS);
    case 'growth':
      return beforeAndAfter(bench, peer, plan.from, plan.to);
    case 'crowd':
      return inACrowd(bench, bench.instanceFor(peer, plan.visit), plan);
    case 'idle':
      return onFreshStart(bench, peer, plan.visit, (instance) => perIdle(bench, instance, plan));
    case 'ready':
      return onFreshStart(bench, peer, plan.visit, async (instance) => amount(instance.readyMs));
    case 'rest':
      return onFreshStart(bench, peer, plan.visit, atRest);
  }
}

/** How many connections a crowd has on this machine: fewer where descriptors do not reach. */
export function crowdSize(open: number, shrink: number): number {
  return Math.min(Math.floor(open / shrink), descriptorLimit() - SPARE_DESCRIPTORS);
}

async function underLoad(
  bench: Bench,
  instance: Instance,
  request: RequestShape,
  connections: number,
): Promise<Sample> {
  const root = instance.launched.pid;
  const begun = process.hrtime.bigint();
  const coreBefore = readCoreTime(FRONT_CORE);
  const before = readTimes(familyOf(root), SOURCE);
  const requests = await countAnswers(bench, instance, request, connections);
  const spent = timeBetween(before, readTimes(familyOf(root), SOURCE));
  const coreSpent = readCoreTime(FRONT_CORE) - coreBefore;
  const wall = Number(process.hrtime.bigint() - begun);
  const others = Math.max(0, coreSpent - spent) / wall;
  return { value: spent / requests / 1000, requests, busy: spent / wall, others };
}

async function countAnswers(
  bench: Bench,
  instance: Instance,
  request: RequestShape,
  connections: number,
): Promise<number> {
  const { address, folder } = instance;
  if (address.port === undefined) {
    const [count] = await generate([stepFor(address, request, bench.seconds)]);
    proveCount(count!);
    return count!.requests;
  }
  const plan = { port: address.port, request, connections, seconds: bench.seconds, folder };
  const count = await runWrk(plan);
  if (count.refused > 0) throw new Error(`${count.refused} answers were not 2xx`);
  if (count.socketErrors > 0) throw new Error(`${count.socketErrors} connections failed`);
  if (count.requests === 0) throw new Error('nothing was answered under load');
  return count.requests;
}

async function beforeAndAfter(bench: Bench, peer: Peer, from: Visit, to: Visit): Promise<Sample> {
  const first = bench.instanceFor(peer, from);
  const base = await underLoad(bench, first, from.request, CONNECTIONS);
  const grown = await underLoad(bench, bench.instanceFor(peer, to), to.request, CONNECTIONS);
  return { ...grown, base: base.value };
}

async function inACrowd(
  bench: Bench,
  instance: Instance,
  plan: Extract<Plan, { kind: 'crowd' }>,
): Promise<Sample> {
  const { request } = plan.visit;
  const base = await underLoad(bench, instance, request, plan.busy);
  const idle = crowdSize(plan.open, bench.shrink) - plan.busy;
  const held = await holdIdle(instance.address.port!, idle, request);
  await untilQuiet(instance);
  const crowded = await underLoad(bench, instance, request, plan.busy);
  await held.release();
  await untilQuiet(instance);
  return { ...crowded, base: base.value };
}

async function perIdle(
  bench: Bench,
  instance: Instance,
  plan: Extract<Plan, { kind: 'idle' }>,
): Promise<Sample> {
  const { request } = plan.visit;
  const open = crowdSize(plan.open, bench.shrink);
  await warmUp(instance, request);
  await untilQuiet(instance);
  const before = readPss(familyOf(instance.launched.pid));
  const held = await holdIdle(instance.address.port!, open, request);
  await untilQuiet(instance);
  const after = readPss(familyOf(instance.launched.pid));
  await held.release();
  return amount((after - before) / open);
}

async function atRest(instance: Instance): Promise<Sample> {
  await pause(AT_REST_MS);
  await untilQuiet(instance);
  return amount(readPss(familyOf(instance.launched.pid)) / 1e6);
}

async function onFreshStart(
  bench: Bench,
  peer: Peer,
  visit: Visit,
  measure: (instance: Instance) => Promise<Sample>,
): Promise<Sample> {
  const instance = await startInstance(peer, visit.scenario, bench.site, visit.request);
  try {
    return await measure(instance);
  } finally {
    await stopInstance(instance);
  }
}

/** Waits until the front has nothing left to do; goes on after a while where it never rests. */
async function untilQuiet(instance: Instance): Promise<void> {
  const until = performance.now() + QUIET_TIMEOUT_MS;
  let before = readTimes(familyOf(instance.launched.pid), SOURCE);
  while (performance.now() < until) {
    await pause(QUIET_WINDOW_MS);
    const after = readTimes(familyOf(instance.launched.pid), SOURCE);
    if (timeBetween(before, after) < QUIET_NANOSECONDS) return;
    before = after;
  }
}

function amount(value: number): Sample {
  return { value, requests: 0, busy: 0, others: 0 };
}
