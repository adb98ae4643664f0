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
import { inPrefix } from '../config/paths.ts';
import {
  append,
  assign,
  buffers,
  flag,
  integer,
  milliseconds,
  offset,
  oneOf,
  seconds,
  size,
  tempPath,
  word,
} from '../config/readers.ts';
import { innerScope } from '../config/scope.ts';
import type { CoreConf } from './core-conf.ts';
import { CORE_DEFAULTS } from './core-defaults.ts';
import { coreVariables } from './core-variables.ts';
import { emptyVariables } from './empty-variables.ts';
import { errorLogTarget } from './error-log-target.ts';
import { addErrorPages } from './error-page.ts';
import { keepaliveTimeout, setKeepaliveDisable } from './keepalive.ts';
import { readListen } from './listen.ts';
import { HttpLoad } from './load.ts';
import { openLocation } from './location-block.ts';
import { defineModule } from './module.ts';
import { setOpenFileCache } from './open-file-cache.ts';
import { setRoot } from './root.ts';
import { addServerNames } from './server-name.ts';
import { structureOf } from './structure.ts';
import { openTypes } from './types-block.ts';

const EVERYWHERE = HTTP | SERVER | LOCATION;
const IF_TOO = EVERYWHERE | LOCATION_IF;

/** Rows of one value each: `set: assign(reader)` at these places. */
const one = (
  name: keyof CoreConf & string,
  where: number,
  set: (own: object, directive: Directive, scope: Scope) => void,
): DirectiveRow<CoreConf> => ({ name, in: where, args: [1, 1], set });

const ON_OFF_ALWAYS = oneOf({ off: 'off', on: 'on', always: 'always' } as const);

const directives: readonly DirectiveRow<CoreConf>[] = [
  { name: 'http', in: MAIN, args: [0, 0], open: openHttp },
  { name: 'server', in: HTTP, args: [0, 0], open: openServer },
  { name: 'location', in: SERVER | LOCATION, args: [1, 2], open: openLocation },
  { name: 'listen', in: SERVER, args: ONE_OR_MORE, set: addListen },
  { name: 'server_name', in: SERVER, args: ONE_OR_MORE, set: addServerNames },
  { name: 'root', in: IF_TOO, args: [1, 1], set: setRoot },
  { name: 'alias', in: LOCATION, args: [1, 1], set: setRoot },
  { name: 'types', in: EVERYWHERE, args: [0, 0], open: openTypes },
  one('default_type', EVERYWHERE, assign(word)),
  one('client_max_body_size', EVERYWHERE, assign(offset)),
  one('client_body_buffer_size', EVERYWHERE, assign(size)),
  { name: 'client_body_temp_path', in: EVERYWHERE, args: [1, 4], set: assign(tempPath) },
  one(
    'client_body_in_file_only',
    EVERYWHERE,
    assign(oneOf({ off: 'off', on: 'on', clean: 'clean' } as const)),
  ),
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
  { name: 'keepalive_disable', in: EVERYWHERE, args: ONE_OR_MORE, set: setKeepaliveDisable },
  one('lingering_close', EVERYWHERE, assign(ON_OFF_ALWAYS)),
  one('lingering_time', EVERYWHERE, assign(milliseconds)),
  one('lingering_timeout', EVERYWHERE, assign(milliseconds)),
  one('reset_timedout_connection', EVERYWHERE, assign(flag)),
  {
    name: 'internal',
    in: LOCATION,
    args: [0, 0],
    set: assign(() => true),
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
  one('msie_refresh', EVERYWHERE, assign(only('off'))),
  one('chunked_transfer_encoding', EVERYWHERE, assign(only('on'))),
  one('log_not_found', EVERYWHERE, assign(flag)),
  // There are no subrequests here, so none is logged.
  one('log_subrequest', EVERYWHERE, assign(flag)),
  one('merge_slashes', HTTP | SERVER, assign(flag)),
  one('max_headers', HTTP | SERVER, assign(integer)),
  one('ignore_invalid_headers', HTTP | SERVER, assign(flag)),
  one('underscores_in_headers', HTTP | SERVER, assign(flag)),
  { name: 'open_file_cache', in: EVERYWHERE, args: [1, 2], set: setOpenFileCache },
  one(
    'open_file_cache_valid',
    EVERYWHERE,
    assign((directive) => seconds(directive) * 1000),
  ),
  one('open_file_cache_min_uses', EVERYWHERE, assign(integer)),
  one('open_file_cache_errors', EVERYWHERE, assign(flag)),
  { name: 'error_log', in: MAIN | EVERYWHERE, args: ONE_OR_MORE, set: append(errorLogTarget) },
];

export const core = defineModule<CoreConf>({
  name: 'http_core',
  directives,
  defaults: CORE_DEFAULTS,
  variables: [...coreVariables, ...emptyVariables],
  merge(own, outer, scope) {
    if (scope.parent !== undefined && Object.keys(own).length === 0) return outer;
    const merged = { ...outer, ...own };
    // `root` and `alias` replace each other.
    if (own.root !== undefined && own.alias === undefined) merged.alias = undefined;
    if (scope.parent === undefined && own.client_body_temp_path === undefined) {
      merged.client_body_temp_path = inPrefix(scope.load, CORE_DEFAULTS.client_body_temp_path);
    }
    return merged;
  },
});

function openHttp(_own: Partial<CoreConf>, directive: Directive, scope: Scope): Scope {
  const structure = structureOf(scope);
  if (structure.http !== undefined) failDirective(directive, 'is duplicate');
  const inner = innerScope(HTTP, scope);
  structure.http = { scope: inner, load: new HttpLoad(scope.load) };
  return inner;
}

function openServer(_own: Partial<CoreConf>, directive: Directive, scope: Scope): Scope {
  const structure = structureOf(scope);
  const inner = innerScope(SERVER, scope);
  structure.servers ??= [];
  structure.servers.push({ scope: inner, directive });
  return inner;
}

function addListen(_own: Partial<CoreConf>, directive: Directive, scope: Scope): void {
  const structure = structureOf(scope);
  structure.listens ??= [];
  for (const listen of readListen(directive)) {
    if (structure.listens.some((other) => other.address.text === listen.address.text)) {
      fail(directive, `a duplicate listen ${listen.address.text}`);
    }
    structure.listens.push(listen);
  }
}

function headerBuffers(directive: Directive): { number: number; size: number } {
  const { count, sizeBytes } = buffers(directive);
  return { number: count, size: sizeBytes };
}

/** A flag of which one value is served: the other one changes the bytes on the wire for old clients. */
function only(served: 'on' | 'off'): (directive: Directive) => boolean {
  return (directive) => {
    const value = flag(directive);
    if (value !== (served === 'on')) {
      fail(directive, `directive "${directive.name}" is supported by Tandem as "${served}" only`);
    }
    return value;
  };
}
