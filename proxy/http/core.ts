/**
 * nginx's http core module: the blocks `http`, `server` and `location`, and the settings that the
 * request's way and other modules rest on.
 */
import {
  type Directive,
  type DirectiveRow,
  fail,
  failDirective,
  HTTP,
  LOCATION,
  LOCATION_IF,
  MAIN,
  ONE_OR_MORE,
  type Scope,
  SERVER,
} from '../config/directive.ts';
import {
  append,
  assign,
  buffers,
  failIfSet,
  flag,
  integer,
  integerBetween,
  milliseconds,
  offset,
  oneOf,
  path,
  seconds,
  size,
} from '../config/readers.ts';
import { innerScope } from '../config/scope.ts';
import { parseMilliseconds, parseNumber, parseSeconds } from '../config/units.ts';
import { LEVELS } from '../log/error-log.ts';
import type { CoreConf, ErrorPage } from './core-conf.ts';
import { CORE_DEFAULTS } from './core-defaults.ts';
import { coreVariables } from './core-variables.ts';
import { type Listen, readListen } from './listen.ts';
import { HttpLoad, httpLoadOf } from './load.ts';
import type { LocationKind } from './location.ts';
import { compileMatcher, type Matcher } from './matcher.ts';
import { defineModule } from './module.ts';

/** A `server` block as read. */
export interface ServerBlock {
  readonly scope: Scope;
  readonly directive: Directive;
}

/** A `location` block as read. */
export interface LocationBlock {
  readonly scope: Scope;
  readonly kind: LocationKind;
  readonly name: string;
  /** Of a regular expression; compiled as it is read, so that its named captures are known. */
  readonly matcher: Matcher | undefined;
  readonly directive: Directive;
}

/** One word of `server_name`; `matcher` as in LocationBlock, for a name that starts with `~`. */
export interface ServerName {
  readonly name: string;
  readonly matcher: Matcher | undefined;
  readonly directive: Directive;
}

/** What stands in a block besides settings: never inherited, read through `scope.own(core)`. */
export interface CoreStructure {
  http: { readonly scope: Scope; readonly load: HttpLoad };
  servers: ServerBlock[];
  locations: LocationBlock[];
  listens: Listen[];
  server_names: ServerName[];
}

type Core = CoreConf & Partial<CoreStructure>;

const EVERYWHERE = HTTP | SERVER | LOCATION;
const IF_TOO = EVERYWHERE | LOCATION_IF;

/** Rows of one value each: `set: assign(reader)` at these places. */
const one = (
  name: keyof CoreConf & string,
  where: number,
  set: (own: object, directive: Directive, scope: Scope) => void,
): DirectiveRow<Core> => ({ name, in: where, args: [1, 1], set });

const ON_OFF_ALWAYS = oneOf({ off: 'off', on: 'on', always: 'always' } as const);

const directives: readonly DirectiveRow<Core>[] = [
  { name: 'http', in: MAIN, args: [0, 0], open: openHttp },
  { name: 'server', in: HTTP, args: [0, 0], open: openServer },
  { name: 'location', in: SERVER | LOCATION, args: [1, 2], open: openLocation },
  { name: 'listen', in: SERVER, args: ONE_OR_MORE, set: addListen },
  { name: 'server_name', in: SERVER, args: ONE_OR_MORE, set: addServerNames },
  { name: 'root', in: IF_TOO, args: [1, 1], set: setRoot },
  { name: 'alias', in: LOCATION, args: [1, 1], set: setRoot },
  { name: 'types', in: EVERYWHERE, args: [0, 0], open: openTypes },
  one(
    'default_type',
    EVERYWHERE,
    assign((d) => d.args[0]!),
  ),
  one('client_max_body_size', EVERYWHERE, assign(offset)),
  one('client_body_buffer_size', EVERYWHERE, assign(size)),
  { name: 'client_body_temp_path', in: EVERYWHERE, args: [1, 4], set: assign(path) },
  one(
    'client_body_in_file_only',
    EVERYWHERE,
    assign(oneOf({ off: 'off', on: 'on', clean: 'clean' } as const)),
  ),
  one('client_body_in_single_buffer', EVERYWHERE, assign(flag)),
  one('client_header_timeout', HTTP | SERVER, assign(milliseconds)),
  one('client_header_buffer_size', HTTP | SERVER, assign(size)),
  {
    name: 'large_client_header_buffers',
    in: HTTP | SERVER,
    args: [2, 2],
    set: assign(headerBuffers),
  },
  one('client_body_timeout', EVERYWHERE, assign(milliseconds)),
  one('send_timeout', EVERYWHERE, assign(milliseconds)),
  { name: 'keepalive_timeout', in: EVERYWHERE, args: [1, 2], set: assign(keepaliveTimeout) },
  one('keepalive_requests', EVERYWHERE, assign(integer)),
  one('keepalive_time', EVERYWHERE, assign(milliseconds)),
  { name: 'keepalive_disable', in: EVERYWHERE, args: ONE_OR_MORE, set: assign(keepaliveDisable) },
  one('lingering_close', EVERYWHERE, assign(ON_OFF_ALWAYS)),
  one('lingering_time', EVERYWHERE, assign(milliseconds)),
  one('lingering_timeout', EVERYWHERE, assign(milliseconds)),
  one('reset_timedout_connection', EVERYWHERE, assign(flag)),
  {
    name: 'internal',
    in: LOCATION,
    args: [0, 0],
    set: (own) => Object.assign(own, { internal: true }),
  },
  one('satisfy', EVERYWHERE, assign(oneOf({ all: 'all', any: 'any' } as const))),
  { name: 'error_page', in: IF_TOO, args: [2, Number.POSITIVE_INFINITY], set: addErrorPages },
  one('recursive_error_pages', EVERYWHERE, assign(flag)),
  one(
    'server_tokens',
    EVERYWHERE,
    assign(oneOf({ off: 'off', on: 'on', build: 'build' } as const)),
  ),
  one('etag', EVERYWHERE, assign(flag)),
  one(
    'if_modified_since',
    EVERYWHERE,
    assign(oneOf({ off: 'off', exact: 'exact', before: 'before' } as const)),
  ),
  one('max_ranges', EVERYWHERE, assign(integer)),
  one('absolute_redirect', EVERYWHERE, assign(flag)),
  one('server_name_in_redirect', EVERYWHERE, assign(flag)),
  one('port_in_redirect', EVERYWHERE, assign(flag)),
  one('msie_padding', EVERYWHERE, assign(flag)),
  one('msie_refresh', EVERYWHERE, assign(refuseOn)),
  one('chunked_transfer_encoding', EVERYWHERE, assign(flag)),
  one('log_not_found', EVERYWHERE, assign(flag)),
  one('log_subrequest', EVERYWHERE, assign(flag)),
  one('merge_slashes', HTTP | SERVER, assign(flag)),
  one('ignore_invalid_headers', HTTP | SERVER, assign(flag)),
  one('underscores_in_headers', HTTP | SERVER, assign(flag)),
  { name: 'open_file_cache', in: EVERYWHERE, args: [1, 2], set: setOpenFileCache },
  one(
    'open_file_cache_valid',
    EVERYWHERE,
    assign((d) => (seconds(d) as number) * 1000),
  ),
  one('open_file_cache_min_uses', EVERYWHERE, assign(integerBetween(1, Number.POSITIVE_INFINITY))),
  one('open_file_cache_errors', EVERYWHERE, assign(flag)),
  { name: 'error_log', in: MAIN | EVERYWHERE, args: ONE_OR_MORE, set: append(errorLogTarget) },
];

export const core = defineModule<Core>({
  name: 'http_core',
  directives,
  defaults: CORE_DEFAULTS,
  variables: coreVariables,
  merge(own, outer) {
    const merged = { ...outer, ...own };
    // `root` and `alias` replace each other; `internal` holds in its own location alone.
    if (own.root !== undefined && own.alias === undefined) merged.alias = undefined;
    return { ...merged, internal: own.internal ?? false };
  },
});

/** What stands in a block: never inherited. */
export function structureOf(scope: Scope): Partial<CoreStructure> {
  return scope.own<CoreStructure>(core);
}

function openHttp(_own: Partial<Core>, directive: Directive, scope: Scope): Scope {
  const structure = structureOf(scope);
  if (structure.http !== undefined) failDirective(directive, 'is duplicate');
  const inner = innerScope(HTTP, scope);
  structure.http = { scope: inner, load: new HttpLoad(scope.load) };
  return inner;
}

function openServer(_own: Partial<Core>, directive: Directive, scope: Scope): Scope {
  const structure = structureOf(scope);
  const inner = innerScope(SERVER, scope);
  structure.servers ??= [];
  structure.servers.push({ scope: inner, directive });
  return inner;
}

const MODIFIERS: Readonly<Record<string, [kind: LocationKind, isCaseless: boolean]>> = {
  '=': ['exact', false],
  '^~': ['no-regex', false],
  '~': ['regex', false],
  '~*': ['regex', true],
};

function openLocation(_own: Partial<Core>, directive: Directive, scope: Scope): Scope {
  const [kind, name, isCaseless] = readLocationName(directive);
  checkNesting(kind, name, directive, scope);
  const inner = innerScope(LOCATION, scope);
  const structure = structureOf(scope);
  structure.locations ??= [];
  if (kind !== 'regex') {
    const same = structure.locations.find((other) => isSamePlace(other, kind, name));
    if (same !== undefined) fail(directive, `duplicate location "${name}"`);
  }
  const matcher =
    kind === 'regex' ? compileMatcher(name, isCaseless, httpLoadOf(scope), directive) : undefined;
  const block = { scope: inner, kind, name, matcher, directive };
  structure.locations.push(block);
  blocks.set(inner, block);
  return inner;
}

const blocks = new WeakMap<Scope, LocationBlock>();

/** The location block a scope was opened for, if it was one. */
export function locationBlockOf(scope: Scope): LocationBlock | undefined {
  return blocks.get(scope);
}

function isSamePlace(other: LocationBlock, kind: LocationKind, name: string): boolean {
  if (other.name !== name || other.kind === 'regex') return false;
  return (other.kind === 'exact') === (kind === 'exact');
}

/** nginx takes the modifier as a word of its own or glued to the name: `=/x`, `~\.php$`. */
function readLocationName(directive: Directive): [LocationKind, string, boolean] {
  const [first = '', second] = directive.args;
  if (second !== undefined) {
    const modifier = MODIFIERS[first];
    if (modifier === undefined) fail(directive, `invalid location modifier "${first}"`);
    return [modifier[0], second, modifier[1]];
  }
  for (const glued of ['^~', '~*', '=', '~']) {
    if (!first.startsWith(glued)) continue;
    const [kind, isCaseless] = MODIFIERS[glued]!;
    return [kind, first.slice(glued.length), isCaseless];
  }
  return [first.startsWith('@') ? 'named' : 'prefix', first, false];
}

/** What nginx says of a location inside a location. */
function checkNesting(kind: LocationKind, name: string, directive: Directive, scope: Scope): void {
  const outer = locationBlockOf(scope);
  if (outer === undefined) return;
  if (outer.kind === 'exact') {
    fail(directive, `location "${name}" cannot be inside the exact location "${outer.name}"`);
  }
  if (outer.kind === 'named') {
    fail(directive, `location "${name}" cannot be inside the named location "${outer.name}"`);
  }
  if (kind === 'named') {
    fail(directive, `named location "${name}" can be on the server level only`);
  }
  if (kind !== 'regex' && outer.kind !== 'regex' && !name.startsWith(outer.name)) {
    fail(directive, `location "${name}" is outside location "${outer.name}"`);
  }
}

function addListen(_own: Partial<Core>, directive: Directive, scope: Scope): void {
  const structure = structureOf(scope);
  structure.listens ??= [];
  for (const listen of readListen(directive)) {
    if (structure.listens.some((other) => other.address.text === listen.address.text)) {
      fail(directive, `a duplicate listen ${listen.address.text}`);
    }
    structure.listens.push(listen);
  }
}

function addServerNames(_own: Partial<Core>, directive: Directive, scope: Scope): void {
  const structure = structureOf(scope);
  structure.server_names ??= [];
  for (const name of directive.args) {
    let matcher: Matcher | undefined;
    if (name.startsWith('~')) {
      if (name.length === 1) fail(directive, `empty regex in server name "${name}"`);
      matcher = compileMatcher(name.slice(1), true, httpLoadOf(scope), directive);
    } else {
      checkServerName(name, directive, scope);
    }
    structure.server_names.push({ name, matcher, directive });
  }
}

function checkServerName(name: string, directive: Directive, scope: Scope): void {
  const isWildcard = name.startsWith('*.') || name.endsWith('.*');
  const stars = name.split('*').length - 1;
  const isBad = name === '.' || name.includes('..') || stars > 1 || (stars === 1 && !isWildcard);
  if (isBad)
    fail(
      directive,
      `invalid server name or wildcard "${name}" on 0.0.0.0:0`.replace(' on 0.0.0.0:0', ''),
    );
  if (name.includes('/'))
    scope.load.warn(`server name "${name}" has suspicious symbols`, directive);
}

function setRoot(own: Partial<Core>, directive: Directive, scope: Scope): void {
  const isAlias = directive.name === 'alias';
  if (own.root !== undefined || own.alias !== undefined) {
    const before = own.alias !== undefined ? 'alias' : 'root';
    if (before === directive.name) failDirective(directive, 'is duplicate');
    failDirective(directive, `is duplicate, "${before}" directive was specified earlier`);
  }
  if (isAlias && locationBlockOf(scope)?.kind === 'named') {
    failDirective(directive, 'cannot be used inside the named location');
  }
  const value = path(directive, scope);
  if (isAlias) Object.assign(own, { alias: value });
  else
    Object.assign(own, {
      root: value.length > 1 && value.endsWith('/') ? value.slice(0, -1) : value,
    });
}

function openTypes(own: Partial<Core>, _directive: Directive, _scope: Scope) {
  const types = new Map<string, string>(own.types);
  Object.assign(own, { types });
  return {
    entry(words: Directive) {
      for (const extension of words.args) {
        const lower = extension.toLowerCase();
        // nginx warns of a duplicate extension and keeps the newer type.
        types.set(lower, words.name);
      }
    },
  };
}

function headerBuffers(directive: Directive): { number: number; size: number } {
  const { count, sizeBytes } = buffers(directive);
  return { number: count, size: sizeBytes };
}

function keepaliveTimeout(directive: Directive): CoreConf['keepalive_timeout'] {
  const timeoutMs = parseMilliseconds(directive.args[0]!);
  if (timeoutMs === undefined) failDirective(directive, 'invalid value');
  const header = directive.args[1];
  if (header === undefined) return { timeoutMs, headerSeconds: 0 };
  const headerSeconds = parseSeconds(header);
  if (headerSeconds === undefined) failDirective(directive, 'invalid value');
  return { timeoutMs, headerSeconds };
}

function keepaliveDisable(directive: Directive): readonly string[] {
  for (const word of directive.args) {
    if (!['none', 'msie6', 'safari'].includes(word)) fail(directive, `invalid value "${word}"`);
  }
  return directive.args;
}

/** msie_refresh rewrites redirects for a browser that is gone; only `off` is served. */
function refuseOn(directive: Directive): boolean {
  const value = flag(directive);
  if (value) fail(directive, 'directive "msie_refresh" is supported by Tandem as "off" only');
  return value;
}

function addErrorPages(own: Partial<Core>, directive: Directive): void {
  const words = [...directive.args];
  const target = words.pop()!;
  const overwrite = readOverwrite(words, directive);
  const pages: ErrorPage[] = words.map((word) => {
    const status = parseNumber(word);
    if (status === undefined) fail(directive, `invalid value "${word}"`);
    if (status === 499) fail(directive, `invalid value "${word}"`);
    if (status < 300 || status > 599)
      fail(directive, 'value "%s" must be between 300 and 599'.replace('%s', word));
    return { status, overwrite, target };
  });
  if (pages.length === 0) failDirective(directive, 'invalid value');
  Object.assign(own, { error_page: [...(own.error_page ?? []), ...pages] });
}

/** The `=` or `=code` before the target; takes it off the list. */
function readOverwrite(words: string[], directive: Directive): number {
  const last = words.at(-1);
  if (last === undefined || !last.startsWith('=')) return -1;
  words.pop();
  if (last === '=') return 0;
  const status = parseNumber(last.slice(1));
  if (status === undefined) fail(directive, `invalid value "${last}"`);
  return status;
}

function setOpenFileCache(own: Partial<Core>, directive: Directive): void {
  failIfSet(own, directive);
  let max = 0;
  let inactiveMs = 60_000;
  for (const word of directive.args) {
    if (word === 'off') {
      Object.assign(own, { open_file_cache: null });
      return;
    }
    const value = word.slice(word.indexOf('=') + 1);
    if (word.startsWith('max=')) max = parseNumber(value) || badParameter(word, directive);
    else if (word.startsWith('inactive=')) {
      inactiveMs = (parseSeconds(value) ?? badParameter(word, directive)) * 1000;
    } else badParameter(word, directive);
  }
  if (max === 0) failDirective(directive, 'must have the "max" parameter');
  Object.assign(own, { open_file_cache: { max, inactiveMs } });
}

function badParameter(word: string, directive: Directive): never {
  fail(directive, `invalid "open_file_cache" parameter "${word}"`);
}

function errorLogTarget(directive: Directive, scope: Scope): { path: string; level: number } {
  const [file = '', levelWord = 'error'] = directive.args;
  const level = LEVELS.indexOf(levelWord as (typeof LEVELS)[number]);
  if (level < 1) fail(directive, `invalid log level "${levelWord}"`);
  if (file.startsWith('syslog:') || file.startsWith('memory:')) {
    fail(directive, `"error_log" to "${file}" is not supported by Tandem yet`);
  }
  return { path: file === 'stderr' ? file : path(directive, scope), level };
}
