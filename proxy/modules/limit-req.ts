/** How often a key may ask: nginx's ngx_http_limit_req_module. */
import { type Directive, fail, HTTP, LOCATION, type Scope, SERVER } from '../config/directive.ts';
import { assign, flag, integerBetween, oneOf } from '../config/readers.ts';
import { parseNumber } from '../config/units.ts';
import { parseValue } from '../config/values.ts';
import { type HttpLoad, httpLoadOf } from '../http/load.ts';
import { defineModule } from '../http/module.ts';
import {
  CLIENT_CLOSED_REQUEST,
  DECLINED,
  type Producer,
  type Step,
  type Verdict,
} from '../http/phases.ts';
import type { HttpRequest } from '../http/request.ts';
import {
  failDuplicateZone,
  failWithoutZone,
  readZoneWord,
  type SharedZone,
  type ZoneWord,
} from '../http/shared-zones.ts';
import { ALERT, ERROR, INFO, NOTICE, WARN } from '../log/error-log.ts';
import { BEYOND_BURST, HELD, NO_MEMORY, PASSED, RateZone } from './limit-req-rate.ts';

/** One `limit_req`: numbers in thousandths of a request. */
interface Limit {
  readonly zone: SharedZone;
  readonly burst: number;
  /** Excess up to which nothing is delayed. */
  readonly delay: number;
}

interface Conf {
  readonly limit_req: readonly Limit[];
  readonly limit_req_status: number;
  readonly limit_req_log_level: number;
  readonly limit_req_dry_run: boolean;
}

/** A limit with its zone's rate and key, as requests meet it. */
interface Rule {
  readonly zone: RateZone;
  readonly burst: number;
  readonly delay: number;
}

const IN = HTTP | SERVER | LOCATION;
const LEVELS = { info: INFO, notice: NOTICE, warn: WARN, error: ERROR };
const LONGEST_KEY = 65535;

export const limitReq = defineModule<Conf>({
  name: 'http_limit_req',
  directives: [
    { name: 'limit_req_zone', in: HTTP, args: [3, 3], set: addZone },
    { name: 'limit_req', in: IN, args: [1, 3], set: addLimit },
    { name: 'limit_req_log_level', in: IN, args: [1, 1], set: assign(oneOf(LEVELS)) },
    { name: 'limit_req_status', in: IN, args: [1, 1], set: assign(integerBetween(400, 599)) },
    { name: 'limit_req_dry_run', in: IN, args: 'flag', set: assign(flag) },
  ],
  defaults: {
    limit_req: [],
    limit_req_status: 503,
    limit_req_log_level: ERROR,
    limit_req_dry_run: false,
  },
  variables: [{ name: 'limit_req_status', get: (r) => r.limitReqStatus || undefined }],
  prepare(http) {
    for (const zone of zonesOf(http).values()) zone.key = http.value(zone.keyWord);
  },
  phases: { preaccess: (conf, { http }) => makeStep(conf, zonesOf(http)) },
});

function zonesOf(http: HttpLoad): Map<SharedZone, RateZone> {
  return http.state(limitReq, () => new Map<SharedZone, RateZone>());
}

/** ngx_http_limit_req_zone. */
function addZone(_own: object, directive: Directive, scope: Scope): void {
  const [key = '', ...parameters] = directive.args;
  parseValue(key, directive);
  let word: ZoneWord | undefined;
  let rate = 1000;
  for (const parameter of parameters) {
    if (parameter.startsWith('zone=')) word = readZoneWord(parameter, directive);
    else if (parameter.startsWith('rate=')) rate = readRate(parameter, directive);
    else fail(directive, `invalid parameter "${parameter}"`);
  }
  const http = httpLoadOf(scope);
  const zone = http.zones.declare(word, limitReq, directive, zonesOf(http));
  zonesOf(http).set(zone, new RateZone(zone, key, rate));
}

/** `rate=5r/s`, `rate=30r/m`; a bare number is of requests in a second. */
function readRate(parameter: string, directive: Directive): number {
  const perMinute = parameter.endsWith('r/m');
  const hasUnit = perMinute || parameter.endsWith('r/s');
  const number = parseNumber(parameter.slice('rate='.length, hasUnit ? -3 : undefined));
  if (!number) fail(directive, `invalid rate "${parameter}"`);
  return perMinute ? Math.floor((number * 1000) / 60) : number * 1000;
}

/** ngx_http_limit_req. */
function addLimit(own: Partial<Conf>, directive: Directive, scope: Scope): void {
  let zone: SharedZone | undefined;
  let burst = 0;
  let delay = 0;
  for (const parameter of directive.args) {
    if (parameter.startsWith('zone=')) {
      const name = parameter.slice('zone='.length);
      zone = httpLoadOf(scope).zones.add(name, 0, limitReq, directive);
    } else if (parameter.startsWith('burst=')) {
      burst = parseNumber(parameter.slice('burst='.length)) || 0;
      if (burst === 0) fail(directive, `invalid burst value "${parameter}"`);
    } else if (parameter.startsWith('delay=')) {
      delay = parseNumber(parameter.slice('delay='.length)) || 0;
      if (delay === 0) fail(directive, `invalid delay value "${parameter}"`);
    } else if (parameter === 'nodelay') delay = Number.POSITIVE_INFINITY;
    else fail(directive, `invalid parameter "${parameter}"`);
  }
  if (zone === undefined) failWithoutZone(directive);
  const limits = own.limit_req ?? [];
  if (limits.some((limit) => limit.zone === zone)) failDuplicateZone(directive);
  const limit: Limit = { zone, burst: burst * 1000, delay: delay * 1000 };
  Object.assign(own, { limit_req: [...limits, limit] });
}

function makeStep(conf: Conf, zones: ReadonlyMap<SharedZone, RateZone>): Step | undefined {
  const rules = conf.limit_req.flatMap(({ zone, burst, delay }): Rule[] => {
    // One that was never declared stops the start (`SharedZones.check`).
    const rated = zones.get(zone);
    return rated === undefined ? [] : [{ zone: rated, burst, delay }];
  });
  if (rules.length === 0) return undefined;
  return (r) => (r.limitReqStatus === '' ? limitRequest(r, rules, conf) : DECLINED);
}

/** ngx_http_limit_req_handler. */
function limitRequest(
  r: HttpRequest,
  rules: readonly Rule[],
  conf: Conf,
): Verdict | Promise<Verdict> {
  const { now } = r.thread.clock;
  let found = DECLINED;
  let at = 0;
  for (; at < rules.length; at++) {
    const { zone, burst } = rules[at]!;
    const key = keyOf(r, zone);
    if (key === '') continue;
    found = zone.look(key, now, burst, at === rules.length - 1);
    if (found !== HELD) break;
  }
  if (found === DECLINED) return DECLINED;
  if (found === BEYOND_BURST || found === NO_MEMORY) {
    return refuse(r, rules, at, found, conf);
  }
  return settle(r, rules, at, found, now, conf);
}

/** '' where the request does not count here. */
function keyOf(r: HttpRequest, zone: RateZone): string {
  const key = zone.key?.evaluate(r) ?? '';
  if (key.length <= LONGEST_KEY) return key;
  r.logError(`the value of the "${zone.keyWord}" key is more than ${LONGEST_KEY} bytes: "${key}"`);
  return '';
}

function refuse(
  r: HttpRequest,
  rules: readonly Rule[],
  at: number,
  found: number,
  conf: Conf,
): Verdict {
  const { zone } = rules[at]!;
  const isDry = conf.limit_req_dry_run;
  if (found === NO_MEMORY) {
    r.log(ALERT, `could not allocate node in limit_req zone "${zone.zone.name}"`);
  } else {
    const how = `${isDry ? ', dry run' : ''}, excess: ${inRequests(zone.excess)}`;
    r.log(conf.limit_req_log_level, `limiting requests${how} by zone "${zone.zone.name}"`);
  }
  for (let i = 0; i < at; i++) rules[i]!.zone.forget();
  r.limitReqStatus = isDry ? 'REJECTED_DRY_RUN' : 'REJECTED';
  return isDry ? DECLINED : conf.limit_req_status;
}

/** Counts the request at every zone that holds it; the longest delay of all holds. */
function settle(
  r: HttpRequest,
  rules: readonly Rule[],
  at: number,
  found: number,
  now: number,
  conf: Conf,
): Verdict | Promise<Verdict> {
  let slowest: RateZone | undefined;
  let delayMs = 0;
  for (let i = Math.min(at, rules.length - 1); i >= 0; i--) {
    const { zone, delay } = rules[i]!;
    const isCounted = (i === at && found === PASSED) || zone.settle(now);
    if (!isCounted || zone.excess <= delay) continue;
    const own = Math.floor(((zone.excess - delay) * 1000) / zone.rate);
    if (own <= delayMs) continue;
    delayMs = own;
    slowest = zone;
  }
  if (slowest === undefined) {
    r.limitReqStatus = 'PASSED';
    return DECLINED;
  }
  return delayRequest(r, slowest, delayMs, conf);
}

function delayRequest(
  r: HttpRequest,
  zone: RateZone,
  delayMs: number,
  conf: Conf,
): Verdict | Promise<Verdict> {
  const isDry = conf.limit_req_dry_run;
  const how = `${isDry ? ', dry run' : ''}, excess: ${inRequests(zone.excess)}`;
  // nginx: a delay is one level less severe than a refusal.
  const level = Math.min(conf.limit_req_log_level + 1, INFO);
  r.log(level, `delaying request${how}, by zone "${zone.zone.name}"`);
  r.limitReqStatus = isDry ? 'DELAYED_DRY_RUN' : 'DELAYED';
  return isDry ? DECLINED : pause(r, delayMs);
}

function inRequests(excess: number): string {
  return (excess / 1000).toFixed(3);
}

function pause(r: HttpRequest, delayMs: number): Promise<Verdict> {
  return new Promise((resolve) => {
    r.producer = new Delay(r, delayMs, resolve);
  });
}

/** A client may leave while it waits: nothing of the request remains then. */
class Delay implements Producer {
  private readonly r: HttpRequest;
  private readonly resolve: (verdict: Verdict) => void;
  private readonly timer: NodeJS.Timeout;

  constructor(r: HttpRequest, delayMs: number, resolve: (verdict: Verdict) => void) {
    this.r = r;
    this.resolve = resolve;
    this.timer = setTimeout(() => this.end(DECLINED), delayMs);
  }

  drained(): void {}

  abandon(): void {
    clearTimeout(this.timer);
    this.resolve(DECLINED); // The pipeline drops what comes after the end.
  }

  /** ngx_http_test_reading: a client that shuts its writing side has left. */
  inputEnded(): void {
    clearTimeout(this.timer);
    this.r.log(INFO, 'client prematurely closed connection');
    this.end(CLIENT_CLOSED_REQUEST);
  }

  private end(verdict: Verdict): void {
    this.r.producer = undefined;
    this.resolve(verdict);
  }
}
