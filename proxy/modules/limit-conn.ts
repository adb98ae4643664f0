/** How many requests of a key may be served at once: nginx's ngx_http_limit_conn_module. */
import { type Directive, fail, HTTP, LOCATION, type Scope, SERVER } from '../config/directive.ts';
import { assign, flag, integerBetween, oneOf } from '../config/readers.ts';
import { parseNumber } from '../config/units.ts';
import { parseValue } from '../config/values.ts';
import { type HttpLoad, httpLoadOf } from '../http/load.ts';
import { defineModule } from '../http/module.ts';
import { DECLINED, type Step, type Verdict } from '../http/phases.ts';
import type { HttpRequest } from '../http/request.ts';
import type { Value } from '../http/script.ts';
import { failDuplicateZone, readZoneWord, type SharedZone } from '../http/shared-zones.ts';
import { CRIT, ERROR, INFO, NOTICE, WARN } from '../log/error-log.ts';

/** One `limit_conn`. */
interface Limit {
  readonly zone: SharedZone;
  readonly connections: number;
}

interface Conf {
  readonly limit_conn: readonly Limit[];
  readonly limit_conn_status: number;
  readonly limit_conn_log_level: number;
  readonly limit_conn_dry_run: boolean;
}

/** One limit_conn_zone. */
interface ConnectionZone {
  readonly zone: SharedZone;
  readonly keyWord: string;
  key: Value | undefined;
}

interface Rule {
  readonly zone: ConnectionZone;
  readonly connections: number;
}

const IN = HTTP | SERVER | LOCATION;
const LEVELS = { info: INFO, notice: NOTICE, warn: WARN, error: ERROR };
const LONGEST_KEY = 255;
const MOST_CONNECTIONS = 65535;

// What `enter` says.
const COUNTED = 0;
const AT_LIMIT = 1;
const NO_MEMORY = 2;

export const limitConn = defineModule<Conf>({
  name: 'http_limit_conn',
  directives: [
    { name: 'limit_conn_zone', in: HTTP, args: [2, 2], set: addZone },
    { name: 'limit_conn', in: IN, args: [2, 2], set: addLimit },
    { name: 'limit_conn_log_level', in: IN, args: [1, 1], set: assign(oneOf(LEVELS)) },
    { name: 'limit_conn_status', in: IN, args: [1, 1], set: assign(integerBetween(400, 599)) },
    { name: 'limit_conn_dry_run', in: IN, args: 'flag', set: assign(flag) },
  ],
  defaults: {
    limit_conn: [],
    limit_conn_status: 503,
    limit_conn_log_level: ERROR,
    limit_conn_dry_run: false,
  },
  variables: [{ name: 'limit_conn_status', get: (r) => r.limitConnStatus || undefined }],
  prepare(http) {
    for (const zone of zonesOf(http).values()) zone.key = http.value(zone.keyWord);
  },
  phases: { preaccess: (conf, { http }) => makeStep(conf, zonesOf(http)) },
});

function zonesOf(http: HttpLoad): Map<SharedZone, ConnectionZone> {
  return http.state(limitConn, () => new Map<SharedZone, ConnectionZone>());
}

/** ngx_http_limit_conn_zone. */
function addZone(_own: object, directive: Directive, scope: Scope): void {
  const [key = '', parameter = ''] = directive.args;
  parseValue(key, directive);
  if (!parameter.startsWith('zone=')) fail(directive, `invalid parameter "${parameter}"`);
  const word = readZoneWord(parameter, directive);
  const http = httpLoadOf(scope);
  const zone = http.zones.declare(word, limitConn, directive, zonesOf(http));
  zonesOf(http).set(zone, { zone, keyWord: key, key: undefined });
}

/** ngx_http_limit_conn. */
function addLimit(own: Partial<Conf>, directive: Directive, scope: Scope): void {
  const [name = '', number = ''] = directive.args;
  const zone = httpLoadOf(scope).zones.add(name, 0, limitConn, directive);
  const limits = own.limit_conn ?? [];
  if (limits.some((limit) => limit.zone === zone)) failDuplicateZone(directive);
  const connections = parseNumber(number);
  if (!connections) fail(directive, `invalid number of connections "${number}"`);
  if (connections > MOST_CONNECTIONS) {
    fail(directive, 'connection limit must be less 65536');
  }
  Object.assign(own, { limit_conn: [...limits, { zone, connections }] });
}

function makeStep(conf: Conf, zones: ReadonlyMap<SharedZone, ConnectionZone>): Step | undefined {
  const rules = conf.limit_conn.flatMap(({ zone, connections }): Rule[] => {
    // One that was never declared stops the start (`SharedZones.check`).
    const keyed = zones.get(zone);
    return keyed === undefined ? [] : [{ zone: keyed, connections }];
  });
  if (rules.length === 0) return undefined;
  return (r) => (r.limitConnStatus === '' ? limitConnections(r, rules, conf) : DECLINED);
}

/** ngx_http_limit_conn_handler. */
function limitConnections(r: HttpRequest, rules: readonly Rule[], conf: Conf): Verdict {
  for (const rule of rules) {
    const { zone } = rule.zone;
    const key = keyOf(r, rule.zone);
    if (key === '') continue;
    // The way out before the way in: whatever throws, no count is left behind.
    let isCounted = false;
    r.atEnd(() => {
      if (isCounted) leave(zone, key);
    });
    const found = enter(zone, key, rule.connections);
    if (found !== COUNTED) return refuse(r, zone, found, conf);
    isCounted = true;
    r.limitConnStatus = 'PASSED';
  }
  return DECLINED;
}

/** '' where the request does not count here. */
function keyOf(r: HttpRequest, { key, keyWord }: ConnectionZone): string {
  const text = key?.evaluate(r) ?? '';
  if (text.length <= LONGEST_KEY) return text;
  r.logError(`the value of the "${keyWord}" key is more than ${LONGEST_KEY} bytes: "${text}"`);
  return '';
}

function enter({ memory }: SharedZone, key: string, limit: number): number {
  memory.lock();
  try {
    const known = memory.find(key);
    const cell = known === 0 ? memory.insert(key) : known;
    if (cell === 0) return NO_MEMORY;
    const count = memory.count(cell);
    if (count >= limit) return AT_LIMIT;
    memory.setCount(cell, count + 1);
    return COUNTED;
  } finally {
    memory.unlock();
  }
}

/** The entry may be gone where the zone had to start anew. */
function leave({ memory }: SharedZone, key: string): void {
  memory.lock();
  try {
    const cell = memory.find(key);
    if (cell === 0) return;
    const count = memory.count(cell) - 1;
    if (count > 0) memory.setCount(cell, count);
    else memory.remove(cell);
  } finally {
    memory.unlock();
  }
}

function refuse(r: HttpRequest, zone: SharedZone, found: number, conf: Conf): Verdict {
  const isDry = conf.limit_conn_dry_run;
  if (found === NO_MEMORY) {
    r.log(CRIT, `ngx_slab_alloc() failed: no memory in limit_conn_zone "${zone.name}"`);
  } else {
    const how = isDry ? ', dry run,' : '';
    r.log(conf.limit_conn_log_level, `limiting connections${how} by zone "${zone.name}"`);
  }
  r.runEndings();
  r.limitConnStatus = isDry ? 'REJECTED_DRY_RUN' : 'REJECTED';
  return isDry ? DECLINED : conf.limit_conn_status;
}
