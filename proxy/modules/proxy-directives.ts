/** The directives of nginx's proxy module. What is not here is refused by name (caching, TLS, ...). */
import {
  type Directive,
  type DirectiveRow,
  fail,
  HTTP,
  LIMIT_EXCEPT,
  LOCATION,
  LOCATION_IF,
  ONE_OR_MORE,
  type Scope,
  SERVER,
} from '../config/directive.ts';
import {
  anyOf,
  append,
  assign,
  type Buffers,
  buffers,
  failIfSet,
  flag,
  integer,
  milliseconds,
  pair,
  size,
  word,
  words,
} from '../config/readers.ts';
import { hasVariables, parseValue } from '../config/values.ts';
import { httpLoadOf } from '../http/load.ts';
import { locationBlockOf } from '../http/structure.ts';
import { isCookieFlag } from '../upstream/cookies.ts';
import { requireUrl } from '../upstream/groups.ts';
import { NEXT_DEFAULT, NEXT_WORDS } from '../upstream/next.ts';
import { addressOf, isHttps, schemeOf } from '../upstream/pass.ts';
import {
  IGNORE_BUFFERING,
  IGNORE_CACHING,
  IGNORE_CHARSET,
  IGNORE_EXPIRES,
  IGNORE_LIMIT_RATE,
  IGNORE_REDIRECT,
} from '../upstream/plan.ts';
import { registryOf } from '../upstream/registry.ts';
import type { UpstreamUrl } from '../upstream/url.ts';

/** A `proxy_pass` as read. */
export interface PassLine {
  readonly text: string;
  /** `undefined` where variables make the address. */
  readonly fixed: { readonly scheme: string; readonly url: UpstreamUrl } | undefined;
  /** What the URI part replaces: the location's name, '' where there is no fixed one. */
  readonly locationName: string;
}

/** A line of two words that rewrites something, or its one word. */
export type RewriteLine = Directive;

/** Settings keyed by directive. Sizes in bytes, times in milliseconds. */
export interface ProxyConf {
  proxy_pass: PassLine | undefined;
  proxy_set_header: readonly (readonly [name: string, value: string])[];
  proxy_set_body: string | undefined;
  proxy_method: string | undefined;
  proxy_http_version: number;
  proxy_pass_request_headers: boolean;
  proxy_pass_request_body: boolean;
  proxy_request_buffering: boolean;
  proxy_buffering: boolean;
  proxy_buffer_size: number;
  proxy_buffers: Buffers;
  proxy_busy_buffers_size: number | undefined;
  proxy_max_temp_file_size: number;
  proxy_temp_file_write_size: number | undefined;
  proxy_temp_path: readonly string[];
  proxy_hide_header: readonly string[];
  proxy_pass_header: readonly string[];
  proxy_ignore_headers: number;
  proxy_redirect: 'off' | readonly RewriteLine[] | undefined;
  proxy_cookie_domain: 'off' | readonly RewriteLine[] | undefined;
  proxy_cookie_path: 'off' | readonly RewriteLine[] | undefined;
  proxy_cookie_flags: 'off' | readonly RewriteLine[] | undefined;
  proxy_intercept_errors: boolean;
  proxy_ignore_client_abort: boolean;
  proxy_connect_timeout: number;
  proxy_send_timeout: number;
  proxy_read_timeout: number;
  proxy_next_upstream: number;
  proxy_next_upstream_tries: number;
  proxy_next_upstream_timeout: number;
  proxy_socket_keepalive: boolean;
  proxy_force_ranges: boolean;
  proxy_pass_trailers: boolean;
  proxy_cache: string;
  /** Conditions of a cache, which is never there: tutorials for Node.js have them without one. */
  proxy_cache_bypass: readonly string[];
  proxy_no_cache: readonly string[];
  proxy_store: string;
  /** The last directive about buffers at a level, where their sizes do not fit each other. */
  buffersAt: Directive | undefined;
}

export const PROXY_DEFAULTS: ProxyConf = {
  proxy_pass: undefined,
  proxy_set_header: [],
  proxy_set_body: undefined,
  proxy_method: undefined,
  proxy_http_version: 11,
  proxy_pass_request_headers: true,
  proxy_pass_request_body: true,
  proxy_request_buffering: true,
  proxy_buffering: true,
  proxy_buffer_size: 4096,
  proxy_buffers: { count: 8, sizeBytes: 4096 },
  proxy_busy_buffers_size: undefined,
  proxy_max_temp_file_size: 1024 * 1024 * 1024,
  proxy_temp_file_write_size: undefined,
  proxy_temp_path: [],
  proxy_hide_header: [],
  proxy_pass_header: [],
  proxy_ignore_headers: 0,
  proxy_redirect: undefined,
  proxy_cookie_domain: undefined,
  proxy_cookie_path: undefined,
  proxy_cookie_flags: undefined,
  proxy_intercept_errors: false,
  proxy_ignore_client_abort: false,
  proxy_connect_timeout: 60_000,
  proxy_send_timeout: 60_000,
  proxy_read_timeout: 60_000,
  proxy_next_upstream: NEXT_DEFAULT,
  proxy_next_upstream_tries: 0,
  proxy_next_upstream_timeout: 0,
  proxy_socket_keepalive: false,
  proxy_force_ranges: false,
  proxy_pass_trailers: false,
  proxy_cache: 'off',
  proxy_cache_bypass: [],
  proxy_no_cache: [],
  proxy_store: 'off',
  buffersAt: undefined,
};

type SetDirective = (own: Partial<ProxyConf>, directive: Directive, scope: Scope) => void;
type Row = DirectiveRow<ProxyConf>;

const EVERYWHERE = HTTP | SERVER | LOCATION;

const one = (name: keyof ProxyConf, set: SetDirective): Row => ({
  name,
  in: EVERYWHERE,
  args: [1, 1],
  set,
});

const onOff = (name: keyof ProxyConf): Row => ({
  name,
  in: EVERYWHERE,
  args: 'flag',
  set: assign(flag),
});

/** Words with variables, on one line or several (nginx `ngx_http_set_predicate_slot`). */
const condition = (name: 'proxy_cache_bypass' | 'proxy_no_cache'): Row => ({
  name,
  in: EVERYWHERE,
  args: ONE_OR_MORE,
  set(own, directive) {
    for (const text of directive.args) parseValue(text, directive);
    own[name] = [...(own[name] ?? []), ...directive.args];
  },
});

/** A size that must fit the other buffers' sizes. */
const buffer = (
  name: keyof ProxyConf,
  set: SetDirective,
  args: readonly [number, number],
): Row => ({
  name,
  in: EVERYWHERE,
  args,
  set(own, directive, scope) {
    set(own, directive, scope);
    own.buffersAt = directive;
  },
});

export const proxyRows: readonly Row[] = [
  { name: 'proxy_pass', in: LOCATION | LOCATION_IF | LIMIT_EXCEPT, args: [1, 1], set: setPass },
  { name: 'proxy_redirect', in: EVERYWHERE, args: [1, 2], set: setRedirect },
  { name: 'proxy_cookie_domain', in: EVERYWHERE, args: [1, 2], set: setRewrite },
  { name: 'proxy_cookie_path', in: EVERYWHERE, args: [1, 2], set: setRewrite },
  { name: 'proxy_cookie_flags', in: EVERYWHERE, args: [1, 4], set: setCookieFlags },
  { name: 'proxy_set_header', in: EVERYWHERE, args: [2, 2], set: append(pair) },
  one('proxy_set_body', assign(word)),
  one('proxy_method', assign(word)),
  one('proxy_http_version', setHttpVersion),
  onOff('proxy_pass_request_headers'),
  onOff('proxy_pass_request_body'),
  onOff('proxy_request_buffering'),
  onOff('proxy_buffering'),
  buffer('proxy_buffer_size', assign(size), [1, 1]),
  buffer('proxy_buffers', assign(buffers), [2, 2]),
  buffer('proxy_busy_buffers_size', assign(size), [1, 1]),
  buffer('proxy_max_temp_file_size', assign(size), [1, 1]),
  buffer('proxy_temp_file_write_size', assign(size), [1, 1]),
  { name: 'proxy_temp_path', in: EVERYWHERE, args: [1, 4], set: assign(words) },
  one('proxy_hide_header', append(word)),
  one('proxy_pass_header', append(word)),
  {
    name: 'proxy_ignore_headers',
    in: EVERYWHERE,
    args: ONE_OR_MORE,
    set: anyOf({
      'x-accel-redirect': IGNORE_REDIRECT,
      'x-accel-expires': IGNORE_EXPIRES,
      'x-accel-limit-rate': IGNORE_LIMIT_RATE,
      'x-accel-buffering': IGNORE_BUFFERING,
      'x-accel-charset': IGNORE_CHARSET,
      expires: IGNORE_CACHING,
      'cache-control': IGNORE_CACHING << 1,
      'set-cookie': IGNORE_CACHING << 2,
      vary: IGNORE_CACHING << 3,
    }),
  },
  onOff('proxy_intercept_errors'),
  onOff('proxy_ignore_client_abort'),
  onOff('proxy_force_ranges'),
  onOff('proxy_pass_trailers'),
  one('proxy_connect_timeout', assign(milliseconds)),
  one('proxy_send_timeout', assign(milliseconds)),
  one('proxy_read_timeout', assign(milliseconds)),
  { name: 'proxy_next_upstream', in: EVERYWHERE, args: ONE_OR_MORE, set: anyOf(NEXT_WORDS) },
  one('proxy_next_upstream_tries', assign(integer)),
  one('proxy_next_upstream_timeout', assign(milliseconds)),
  { name: 'proxy_socket_keepalive', in: EVERYWHERE, args: 'flag', set: assign(offFlag) },
  one('proxy_cache', assign(onlyOff)),
  condition('proxy_cache_bypass'),
  condition('proxy_no_cache'),
  one('proxy_store', assign(onlyOff)),
];

/** nginx `ngx_http_proxy_pass`. */
function setPass(own: Partial<ProxyConf>, directive: Directive, scope: Scope): void {
  failIfSet(own, directive);
  const text = directive.args[0]!;
  const block = locationBlockOf(scope);
  if (hasVariables(text)) {
    registryOf(httpLoadOf(scope)).openPasses.push(text);
    own.proxy_pass = { text, fixed: undefined, locationName: '' };
    return;
  }
  const scheme = schemeOf(text);
  if (scheme === undefined) {
    if (isHttps(text)) fail(directive, '"proxy_pass" to https is not supported by Tandem');
    fail(directive, 'invalid URL prefix');
  }
  const url = requireUrl(addressOf(text, scheme), text.slice(scheme.length), directive);
  registryOf(httpLoadOf(scope)).refer(url, directive);
  const hasName = block !== undefined && block.kind !== 'regex' && block.kind !== 'named';
  if (!hasName && url.uri !== '') {
    fail(
      directive,
      '"proxy_pass" cannot have URI part in location given by regular expression, or inside ' +
        'named location, or inside "if" statement, or inside "limit_except" block',
    );
  }
  const locationName = hasName ? block.name : '';
  own.proxy_pass = { text, fixed: { scheme, url }, locationName };
}

/** nginx `ngx_http_proxy_redirect`: `off` ends the list, whatever else the level says. */
function setRedirect(own: Partial<ProxyConf>, directive: Directive): void {
  const { args } = directive;
  if (own.proxy_redirect === 'off') return;
  if (args.length === 1 && args[0] === 'off') {
    own.proxy_redirect = 'off';
    return;
  }
  if (args.length === 1 && args[0] !== 'default') fail(directive, `invalid parameter "${args[0]}"`);
  if (args[0] === 'default') checkDefaultRedirect(own, directive);
  own.proxy_redirect = [...(own.proxy_redirect ?? []), directive];
}

function checkDefaultRedirect(own: Partial<ProxyConf>, directive: Directive): void {
  const pass = own.proxy_pass;
  if (pass === undefined) {
    fail(directive, '"proxy_redirect default" should be placed after the "proxy_pass" directive');
  }
  if (pass.fixed === undefined) {
    fail(
      directive,
      '"proxy_redirect default" cannot be used with "proxy_pass" directive with variables',
    );
  }
}

/** `proxy_cookie_domain` and `proxy_cookie_path`: `off`, or what to replace and with what. */
function setRewrite(own: Partial<ProxyConf>, directive: Directive): void {
  const key = directive.name as 'proxy_cookie_domain' | 'proxy_cookie_path'; // the rows' names
  const before = own[key];
  if (before === 'off') return;
  const { args } = directive;
  if (args.length === 1) {
    if (args[0] !== 'off') fail(directive, `invalid parameter "${args[0]}"`);
    own[key] = 'off';
    return;
  }
  own[key] = [...(before ?? []), directive];
}

/** nginx `ngx_http_proxy_cookie_flags`. */
function setCookieFlags(own: Partial<ProxyConf>, directive: Directive): void {
  if (own.proxy_cookie_flags === 'off') return;
  const [cookie, ...flags] = directive.args;
  if (flags.length === 0) {
    if (cookie !== 'off') fail(directive, `invalid parameter "${cookie}"`);
    own.proxy_cookie_flags = 'off';
    return;
  }
  for (const each of flags) {
    if (!hasVariables(each) && !isCookieFlag(each)) fail(directive, `invalid parameter "${each}"`);
  }
  own.proxy_cookie_flags = [...(own.proxy_cookie_flags ?? []), directive];
}

function setHttpVersion(own: Partial<ProxyConf>, directive: Directive): void {
  failIfSet(own, directive);
  const version = directive.args[0]!;
  if (version === '1.0') own.proxy_http_version = 10;
  else if (version === '1.1') own.proxy_http_version = 11;
  else if (version === '2') fail(directive, '"proxy_http_version 2" is not supported by Tandem');
  else fail(directive, `invalid value "${version}"`);
}

/** `proxy_socket_keepalive`, which is not here: `off` is what happens. */
function offFlag(directive: Directive): boolean {
  if (!flag(directive)) return false;
  fail(directive, `directive "${directive.name}" is not supported by Tandem, except "off"`);
}

/** For features that are not here: `off` is what happens, anything else is refused. */
function onlyOff(directive: Directive): string {
  const value = directive.args[0]!;
  if (value !== 'off') {
    fail(directive, `directive "${directive.name}" is not supported by Tandem, except "off"`);
  }
  return value;
}
