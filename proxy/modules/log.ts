/** The access log: nginx's ngx_http_log_module. */
import {
  type Directive,
  fail,
  HTTP,
  LIMIT_EXCEPT,
  LOCATION,
  LOCATION_IF,
  ONE_OR_MORE,
  type Scope,
  SERVER,
} from '../config/directive.ts';
import { inPrefix, systemErrorText } from '../config/paths.ts';
import { parseMilliseconds, parseNumber, parseSeconds, parseSize } from '../config/units.ts';
import { hasVariables } from '../config/values.ts';
import { type HttpLoad, httpLoadOf } from '../http/load.ts';
import { type CompileSite, defineModule } from '../http/module.ts';
import { DECLINED, type Step } from '../http/phases.ts';
import type { HttpRequest } from '../http/request.ts';
import type { Value } from '../http/script.ts';
import { ALERT } from '../log/error-log.ts';
import type { LogFile } from '../log/log-file.ts';
import {
  COMBINED,
  compileLogFormat,
  type LineWriter,
  type LogFormat,
  readLogFormat,
} from './log-format.ts';
import { LogFileCache, type LogFileCacheConf, writeToPath } from './log-path.ts';

/** One `access_log` line. */
interface AccessLog {
  /** Absolute, or with variables in it. */
  readonly path: string;
  readonly format: string;
  /** The word of `if=`. */
  readonly condition: string | undefined;
  readonly directive: Directive;
}

interface Conf {
  readonly access_log: readonly AccessLog[];
  /** Whether `access_log off` stands at the level that decides. */
  readonly isOff: boolean;
  /** Null where it is off. */
  readonly open_log_file_cache: LogFileCacheConf | null;
}

/** Formats of one load by name: as read, and as compiled when all variables are known. */
class Formats {
  readonly read = new Map<string, LogFormat>([[COMBINED.name, COMBINED]]);
  readonly writers = new Map<string, LineWriter>();
}

const IN = HTTP | SERVER | LOCATION;

export const log = defineModule<Conf>({
  name: 'http_log',
  directives: [
    {
      name: 'access_log',
      in: IN | LOCATION_IF | LIMIT_EXCEPT,
      args: ONE_OR_MORE,
      set: addAccessLog,
    },
    { name: 'log_format', in: HTTP, args: [2, Number.POSITIVE_INFINITY], set: addFormat },
    { name: 'open_log_file_cache', in: IN, args: [1, 4], set: setFileCache },
  ],
  defaults: { access_log: [], isOff: false, open_log_file_cache: null },
  // ngx_http_log_merge_loc_conf: what a level says of logs, `off` included, replaces all of it.
  merge(own, outer) {
    const isSaid = own.access_log !== undefined || own.isOff === true;
    if (!isSaid) return own.open_log_file_cache === undefined ? outer : { ...outer, ...own };
    const merged = { ...outer, ...own };
    return { ...merged, access_log: own.access_log ?? [], isOff: own.isOff ?? false };
  },
  prepare(http) {
    const formats = formatsOf(http);
    for (const format of formats.read.values()) {
      formats.writers.set(format.name, compileLogFormat(format, http));
    }
  },
  phases: { log: logStep },
});

function formatsOf(http: HttpLoad): Formats {
  return http.state(log, () => new Formats());
}

function addFormat(_own: object, directive: Directive, scope: Scope): void {
  const { read } = formatsOf(httpLoadOf(scope));
  const [name = ''] = directive.args;
  if (read.has(name)) fail(directive, `duplicate "log_format" name "${name}"`);
  read.set(name, readLogFormat(directive));
}

/** ngx_http_log_set_log: `path [format [buffer=size] [flush=time] [if=condition]]` or `off`. */
function addAccessLog(own: Partial<Conf>, directive: Directive, scope: Scope): void {
  const [path = '', format = COMBINED.name, ...parameters] = directive.args;
  if (path === 'off') {
    if (directive.args.length > 1) fail(directive, `invalid parameter "${format}"`);
    Object.assign(own, { isOff: true });
    return;
  }
  if (path.startsWith('syslog:')) {
    fail(directive, '"access_log" to syslog is not supported by Tandem');
  }
  const http = httpLoadOf(scope);
  const full = inPrefix(scope.load, path);
  if (!hasVariables(path)) http.logs.file(full);
  if (!formatsOf(http).read.has(format)) fail(directive, `unknown log format "${format}"`);
  const condition = readParameters(parameters, full, directive, http);
  const entry: AccessLog = { path: full, format, condition, directive };
  Object.assign(own, { access_log: [...(own.access_log ?? []), entry] });
}

/** Applies `buffer=` and `flush=` to the file and returns the word of `if=`. */
function readParameters(
  parameters: readonly string[],
  path: string,
  directive: Directive,
  http: HttpLoad,
): string | undefined {
  let sizeBytes = 0;
  let flushMs = 0;
  let condition: string | undefined;
  for (const parameter of parameters) {
    const value = parameter.slice(parameter.indexOf('=') + 1);
    if (parameter.startsWith('buffer=')) {
      sizeBytes = parseSize(value) || fail(directive, `invalid buffer size "${value}"`);
    } else if (parameter.startsWith('flush=')) {
      flushMs = parseMilliseconds(value) || fail(directive, `invalid flush time "${value}"`);
    } else if (parameter.startsWith('if=')) {
      condition = value;
    } else if (/^gzip(=|$)/.test(parameter)) {
      fail(directive, `"access_log" parameter "${parameter}" is not supported by Tandem`);
    } else {
      fail(directive, `invalid parameter "${parameter}"`);
    }
  }
  if (flushMs !== 0 && sizeBytes === 0) {
    fail(directive, `no buffer is defined for access_log "${directive.args[0]}"`);
  }
  if (sizeBytes !== 0) setBuffer(path, sizeBytes, flushMs, directive, http);
  return condition;
}

function setBuffer(
  path: string,
  sizeBytes: number,
  flushMs: number,
  directive: Directive,
  http: HttpLoad,
): void {
  if (hasVariables(directive.args[0]!)) {
    fail(directive, 'buffered logs cannot have variables in name');
  }
  if (!http.logs.file(path).buffer(sizeBytes, flushMs)) {
    const [name] = directive.args;
    fail(directive, `access_log "${name}" already defined with conflicting parameters`);
  }
}

/** ngx_http_log_open_file_cache: `max=N [inactive=time] [min_uses=N] [valid=time]` or `off`. */
function setFileCache(own: Partial<Conf>, directive: Directive): void {
  if (own.open_log_file_cache !== undefined) {
    fail(directive, '"open_log_file_cache" directive is duplicate');
  }
  const read = { max: 0, inactiveMs: 10_000, minUses: 1, validMs: 60_000 };
  for (const parameter of directive.args) {
    if (parameter === 'off') {
      Object.assign(own, { open_log_file_cache: null });
      return;
    }
    if (!readCacheParameter(parameter, read)) {
      fail(directive, `invalid "open_log_file_cache" parameter "${parameter}"`);
    }
  }
  if (read.max === 0) {
    fail(directive, '"open_log_file_cache" must have "max" parameter');
  }
  Object.assign(own, { open_log_file_cache: read });
}

function readCacheParameter(
  parameter: string,
  into: { max: number; inactiveMs: number; minUses: number; validMs: number },
): boolean {
  const [, name, value = ''] = /^(max|min_uses|inactive|valid)=(.*)$/s.exec(parameter) ?? [];
  if (name === undefined) return false;
  const isTime = name === 'inactive' || name === 'valid';
  const number = isTime ? parseSeconds(value) : parseNumber(value);
  if (number === undefined) return false;
  if (name === 'max') into.max = number;
  else if (name === 'min_uses') into.minUses = number;
  else if (name === 'inactive') into.inactiveMs = number * 1000;
  else into.validMs = number * 1000;
  return true;
}

function logStep(conf: Conf, site: CompileSite): Step | undefined {
  if (conf.isOff || conf.access_log.length === 0) return undefined;
  const writers = conf.access_log.map((entry) => writerFor(entry, conf, site));
  if (writers.length === 1) return writers[0];
  return (r) => {
    for (const write of writers) r.guard(() => void write(r));
    return DECLINED;
  };
}

/** Writes one line per request to one log. */
function writerFor(entry: AccessLog, conf: Conf, site: CompileSite): Step {
  const { http } = site;
  const makeLine = formatsOf(http).writers.get(entry.format)!;
  const write = hasVariables(entry.path)
    ? pathWriter(makeLine, site.value(entry.path, entry.directive), conf)
    : fileWriter(makeLine, http.logs.file(entry.path));
  if (entry.condition === undefined) return write;
  return conditional(site.value(entry.condition, entry.directive), write);
}

/** `if=`: an empty value or "0" leaves the line out. */
function conditional(condition: Value, write: Step): Step {
  return (r) => {
    const value = condition.evaluate(r);
    return value === '' || value === '0' ? DECLINED : write(r);
  };
}

function fileWriter(makeLine: LineWriter, file: LogFile): Step {
  return (r) => {
    file.write(makeLine(r));
    if (file.failure !== undefined) complain(r, file);
    return DECLINED;
  };
}

function pathWriter(makeLine: LineWriter, path: Value, conf: Conf): Step {
  const { open_log_file_cache: cacheConf } = conf;
  const cache = cacheConf === null ? undefined : new LogFileCache(cacheConf);
  return (r) => {
    const file = writeToPath(r, path, cache, makeLine(r));
    if (file?.failure !== undefined) complain(r, file);
    return DECLINED;
  };
}

/** When a failed write was last reported, by path; nginx does so once a minute. */
const reportedAt = new Map<string, number>();
const REPORT_EVERY_MS = 60_000;

function complain(r: HttpRequest, file: LogFile): void {
  const { now } = r.thread.clock;
  const { failure, path } = file;
  file.failure = undefined;
  if (now - (reportedAt.get(path) ?? Number.NEGATIVE_INFINITY) < REPORT_EVERY_MS) return;
  reportedAt.set(path, now);
  r.log(ALERT, `write() to "${path}" failed ${systemErrorText(failure)}`);
}
