/** What is measured, against whom, and how much it may cost. Rows are data; measure/ does the work. */
import { MANY_HOST } from './peers/nginx-conf.ts';
import type { ScenarioName } from './peers/peer.ts';
import * as ask from './requests.ts';

/** A request to one configuration. */
export interface Visit {
  readonly scenario: ScenarioName;
  readonly request: ask.RequestShape;
}

/**
 * How a row is measured.
 * - `load`: processor time per request.
 * - `growth`: the same at `from` and at `to`, one after the other in each round.
 * - `crowd`: the same with `busy` connections alone, and with so many idle ones that `open` are.
 * - `idle`: growth of memory per idle connection, on a fresh start.
 * - `ready`, `rest`: time to the first answer and memory after it, on a fresh start.
 */
export type Plan =
  | { readonly kind: 'load'; readonly visit: Visit }
  | { readonly kind: 'growth'; readonly from: Visit; readonly to: Visit }
  | { readonly kind: 'crowd'; readonly visit: Visit; readonly busy: number; readonly open: number }
  | { readonly kind: 'idle'; readonly visit: Visit; readonly open: number }
  | { readonly kind: 'ready'; readonly visit: Visit }
  | { readonly kind: 'rest'; readonly visit: Visit };

/** Microseconds of processor time per request, bytes per connection, milliseconds, megabytes. */
export type Unit = 'us' | 'B' | 'ms' | 'MB';

/** What ours may cost at most: a ratio to a peer or to itself before growth, or an amount. */
export interface Target {
  /** Id of a peer, `itself`, or `amount` in the row's unit. */
  readonly against: string;
  readonly atMost: number;
}

/** One row of the benchmark. */
export interface Row {
  /** The word for `--rows`. */
  readonly id: string;
  readonly title: string;
  readonly role: 'front' | 'pool';
  readonly group: 'front' | 'pool' | 'growth' | 'start';
  readonly unit: Unit;
  readonly plan: Plan;
  /** Ids of the peers that can take part, in the order of a round. */
  readonly fronts: readonly string[];
  /** Id of the peer that ratios are printed to. */
  readonly reference: string;
  readonly targets: readonly Target[];
  /** Rounds at most, where one is slow. */
  readonly mostRounds: number;
}

const FILES = ['nginx', 'nginx-cache', 'obvious', 'tandem', 'tandem-cache'];
const PROXIED = ['nginx', 'haproxy', 'obvious', 'tandem'];
const CONFIGURED = ['nginx', 'nginx-cache', 'tandem', 'tandem-cache'];
const ANY_NUMBER = Number.POSITIVE_INFINITY;

const SITE_FILE: Visit = { scenario: 'site', request: ask.SMALL_FILE };

/** Every row, in the order of the tables. */
export const ROWS: readonly Row[] = [
  front('static-1k', '1 KB file', 'site', ask.SMALL_FILE, FILES, [
    to('nginx', 0.9),
    to('nginx-cache', 1.05),
  ]),
  front('static-64k', '64 KB file', 'site', ask.LARGE_FILE, FILES, [to('nginx-cache', 1.3)]),
  front('proxy-200', 'GET 200 B from the backend', 'site', ask.SMALL_PROXIED, PROXIED, [
    to('nginx', 1.25),
  ]),
  front('proxy-64k', 'GET 64 KB from the backend', 'site', ask.LARGE_PROXIED, PROXIED, [
    to('nginx', 1.5),
  ]),
  front('post-16k', 'POST 16 KB to the backend', 'site', ask.POSTED, PROXIED, [to('nginx', 1.5)]),
  front('new-connection', '1 KB file, a connection per request', 'site', ask.ONE_SHOT, FILES, [
    to('nginx', 2),
  ]),
  front(
    'loaded-1k',
    '1 KB file with access_log, gzip and 20 add_header lines',
    'loaded',
    ask.COMPRESSIBLE,
    CONFIGURED,
    [to('nginx', 1.25)],
  ),
  pool(
    'fetch-1k',
    'fetch application, 1 KB page',
    'fetch',
    ['hono', 'cluster', 'pm2'],
    [to('hono', 0.75)],
  ),
  pool(
    'node-1k',
    '(req, res) application, 1 KB page',
    'node',
    ['node-http', 'cluster', 'pm2'],
    [to('node-http', 1.05)],
  ),
  growth(
    'many-static',
    '1 KB file: 200 servers of 250 locations, against one of one',
    { scenario: 'one-file', request: ask.SMALL_FILE },
    { scenario: 'many', request: ask.atHost(ask.SMALL_FILE, MANY_HOST) },
  ),
  growth(
    'many-proxy',
    'GET 200 B: 200 servers of 250 locations, against one of one',
    { scenario: 'one-proxied', request: ask.SMALL_PROXIED },
    { scenario: 'many', request: ask.atHost(ask.SMALL_PROXIED, MANY_HOST) },
  ),
  {
    id: 'crowd',
    title: '1 KB file: 10,000 connections of which 100 are busy, against 100',
    role: 'front',
    group: 'growth',
    unit: 'us',
    plan: { kind: 'crowd', visit: SITE_FILE, busy: 100, open: 10_000 },
    fronts: ['nginx', 'tandem'],
    reference: 'nginx',
    targets: [to('itself', 1.2)],
    mostRounds: 5,
  },
  start('idle', 'memory of an idle keep-alive connection', 'B', {
    targets: [to('amount', 6144)],
    plan: { kind: 'idle', visit: SITE_FILE, open: 5000 },
  }),
  start('ready', 'from start to the first answer', 'ms', {
    targets: [],
    plan: { kind: 'ready', visit: SITE_FILE },
  }),
  start('rest', 'memory after the first answer', 'MB', {
    targets: [],
    plan: { kind: 'rest', visit: SITE_FILE },
  }),
];

/** The visits that a plan makes, the one it starts from first. */
export function visitsOf(plan: Plan): readonly Visit[] {
  return plan.kind === 'growth' ? [plan.from, plan.to] : [plan.visit];
}

/** Whether a plan starts its own instance in each round. */
export function startsFresh(plan: Plan): boolean {
  return plan.kind === 'idle' || plan.kind === 'ready' || plan.kind === 'rest';
}

/** Every request that any row of this role sends to a scenario. */
export function requestsTo(
  scenario: ScenarioName,
  serves: (row: Row) => boolean,
): readonly ask.RequestShape[] {
  const found = new Set<ask.RequestShape>();
  for (const row of ROWS) {
    for (const visit of visitsOf(row.plan)) {
      if (visit.scenario === scenario && serves(row)) found.add(visit.request);
    }
  }
  return [...found];
}

function to(against: string, atMost: number): Target {
  return { against, atMost };
}

function front(
  id: string,
  title: string,
  scenario: ScenarioName,
  request: ask.RequestShape,
  fronts: readonly string[],
  targets: readonly Target[],
): Row {
  const plan: Plan = { kind: 'load', visit: { scenario, request } };
  const fixed = { role: 'front', group: 'front', unit: 'us', mostRounds: ANY_NUMBER } as const;
  return { id, title, plan, fronts, targets, reference: 'nginx', ...fixed };
}

function pool(
  id: string,
  title: string,
  scenario: ScenarioName,
  peers: readonly string[],
  targets: readonly Target[],
): Row {
  const plan: Plan = { kind: 'load', visit: { scenario, request: ask.PAGE } };
  const fixed = { role: 'pool', group: 'pool', unit: 'us', mostRounds: ANY_NUMBER } as const;
  const fronts = [...peers, 'tandem'];
  return { id, title, plan, fronts, targets, reference: peers[0]!, ...fixed };
}

function growth(id: string, title: string, from: Visit, grown: Visit): Row {
  const fixed = { role: 'front', group: 'growth', unit: 'us', mostRounds: ANY_NUMBER } as const;
  const plan: Plan = { kind: 'growth', from, to: grown };
  const targets = [to('itself', 1.15)];
  return { id, title, plan, fronts: ['nginx', 'tandem'], targets, reference: 'nginx', ...fixed };
}

function start(id: string, title: string, unit: Unit, rest: Pick<Row, 'plan' | 'targets'>): Row {
  const fixed = { role: 'front', group: 'start', reference: 'nginx', mostRounds: 3 } as const;
  return { id, title, unit, fronts: ['nginx', 'obvious', 'tandem'], ...fixed, ...rest };
}
