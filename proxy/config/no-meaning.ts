/**
 * Directives of nginx that are accepted and have no effect here, each with the reason: what it tunes
 * does not exist in Tandem, or the kernel or Node decides it. Their arguments are judged as nginx
 * judges them, so that a mistake is still an error. docs/directives.md is generated from this table.
 */

import {
  type Directive,
  EVENTS,
  fail,
  failDirective,
  HTTP,
  LOCATION,
  LOCATION_IF,
  MAIN,
  type ModuleRows,
  type Scope,
  SERVER,
  type SimpleRow,
} from './directive.ts';
import {
  assign,
  buffers,
  failIfSet,
  flag,
  integer,
  milliseconds,
  offset,
  oneOf,
  type SetDirective,
  size,
  tempPath,
  word,
} from './readers.ts';
import { TLS_WORDS } from './tls-words.ts';
import { parseNumber, parseOffset } from './units.ts';

/** A directive without meaning, and why it has none. */
export interface NoMeaningRow extends SimpleRow<never> {
  readonly reason: string;
}

const ANYWHERE = HTTP | SERVER | LOCATION;

const ASYNC_FILES = 'files are read by a pool of threads; small ones are served from memory';
const ACCEPTING = 'each thread accepts on its own copy of the listening socket, balanced by load';
const HASH_TABLE = 'tables grow as needed; there is nothing to size';
const LIMIT_OF_PROCESS = 'Node cannot change its limits; set them where the service is started';
const SENDFILE = 'files go through user space; there is no sendfile in Node';

const OWN: readonly NoMeaningRow[] = [
  row('accept_mutex', EVENTS, assign(flag), ACCEPTING, 'flag'),
  row('accept_mutex_delay', EVENTS, assign(milliseconds), ACCEPTING),
  row('aio', ANYWHERE, setAio, ASYNC_FILES),
  row('aio_write', ANYWHERE, assign(flag), ASYNC_FILES, 'flag'),
  row('client_body_in_single_buffer', ANYWHERE, assign(flag), 'no reader here needs it', 'flag'),
  row('connection_pool_size', HTTP | SERVER, assign(poolSize), 'memory is not taken from pools'),
  row('debug_points', MAIN, assign(oneOf({ stop: 1, abort: 2 })), 'there are no debug points'),
  row('directio', ANYWHERE, setDirectio, ASYNC_FILES),
  row('directio_alignment', ANYWHERE, assign(offset), ASYNC_FILES),
  row('env', MAIN, ignore, 'Node keeps the whole environment, and nothing of it reaches a reply'),
  row('fastcgi_temp_path', ANYWHERE, assign(tempPath), noModule('fastcgi'), [1, 4]),
  row('load_module', MAIN, ignore, 'modules are built in; directives of others are refused'),
  row('lock_file', MAIN, assign(word), ACCEPTING),
  row('map_hash_bucket_size', HTTP, assign(integer), HASH_TABLE),
  row('map_hash_max_size', HTTP, assign(integer), HASH_TABLE),
  row('master_process', MAIN, assign(flag), 'there is always a master process', 'flag'),
  row('multi_accept', EVENTS, assign(flag), ACCEPTING, 'flag'),
  row('output_buffers', ANYWHERE, assign(buffers), ASYNC_FILES, [2, 2]),
  row('pcre_jit', MAIN, assign(flag), 'regular expressions are always compiled', 'flag'),
  row('postpone_output', ANYWHERE, assign(size), 'a head leaves with the first content'),
  row('proxy_headers_hash_bucket_size', ANYWHERE, assign(integer), HASH_TABLE),
  row('proxy_headers_hash_max_size', ANYWHERE, assign(integer), HASH_TABLE),
  row('read_ahead', ANYWHERE, assign(size), 'the kernel decides how far it reads ahead'),
  row('request_pool_size', HTTP | SERVER, assign(poolSize), 'memory is not taken from pools'),
  row('scgi_temp_path', ANYWHERE, assign(tempPath), noModule('scgi'), [1, 4]),
  row('send_lowat', ANYWHERE, assign(size), 'Node does not set SO_SNDLOWAT'),
  row('sendfile', ANYWHERE | LOCATION_IF, assign(flag), SENDFILE, 'flag'),
  row('sendfile_max_chunk', ANYWHERE, assign(size), SENDFILE),
  row('server_names_hash_bucket_size', HTTP, assign(integer), HASH_TABLE),
  row('server_names_hash_max_size', HTTP, assign(integer), HASH_TABLE),
  row('subrequest_output_buffer_size', ANYWHERE, assign(size), 'output needs no buffer of a size'),
  row('tcp_nodelay', ANYWHERE, assign(flag), 'Nagle’s algorithm is always off', 'flag'),
  row('tcp_nopush', ANYWHERE, assign(flag), 'head and content already leave in one write', 'flag'),
  row('thread_pool', MAIN, checkThreadPool, ASYNC_FILES, [2, 3]),
  row('timer_resolution', MAIN, assign(milliseconds), 'each thread has one coarse clock'),
  row('types_hash_bucket_size', ANYWHERE, assign(integer), HASH_TABLE),
  row('types_hash_max_size', ANYWHERE, assign(integer), HASH_TABLE),
  row('uwsgi_temp_path', ANYWHERE, assign(tempPath), noModule('uwsgi'), [1, 4]),
  row('use', EVENTS, setUse, 'libuv chooses the event method of the system'),
  row('variables_hash_bucket_size', HTTP, assign(integer), HASH_TABLE),
  row('variables_hash_max_size', HTTP, assign(integer), HASH_TABLE),
  row('worker_aio_requests', EVENTS, assign(integer), ASYNC_FILES),
  row('worker_cpu_affinity', MAIN, assign(cpuMasks), 'the kernel places threads', [1, Infinity]),
  row('worker_priority', MAIN, setPriority, LIMIT_OF_PROCESS),
  row('worker_rlimit_core', MAIN, assign(offset), LIMIT_OF_PROCESS),
  row('worker_rlimit_nofile', MAIN, assign(integer), LIMIT_OF_PROCESS),
  row('working_directory', MAIN, assign(word), 'it says where core files go; Node writes none'),
];

/** All of them; the order is that of the generated documentation. */
export const NO_MEANING: readonly NoMeaningRow[] = [...OWN, ...TLS_WORDS].sort(byName);

function byName(a: NoMeaningRow, b: NoMeaningRow): number {
  return a.name < b.name ? -1 : 1;
}

/** The rows as modules, one for all: the settings are kept only to see what is set twice. */
export const NO_MEANING_MODULES: readonly ModuleRows[] = [
  { module: { name: 'no_meaning' }, rows: NO_MEANING },
];

function row(
  name: string,
  contexts: number,
  set: SetDirective,
  reason: string,
  args: SimpleRow['args'] = [1, 1],
): NoMeaningRow {
  return { name, in: contexts, args, set, reason };
}

function noModule(name: string): string {
  return `there is nothing to store: ${name}_pass is refused`;
}

/** For directives that nginx lets stand several times. */
function ignore(): void {}

/** `off`, `on`, `threads` or `threads=pool` (ngx_http_core_set_aio). */
function setAio(own: object, directive: Directive, scope: Scope): void {
  assign((at) => {
    const value = at.args[0]!;
    if (/^(off|on|threads(=.+)?)$/.test(value)) return value;
    return failDirective(at, 'invalid value');
  })(own, directive, scope);
}

/** `off` or a size (ngx_http_core_directio). */
function setDirectio(own: object, directive: Directive, scope: Scope): void {
  assign((at) => {
    const value = at.args[0]!;
    return value === 'off' ? value : (parseOffset(value) ?? failDirective(at, 'invalid value'));
  })(own, directive, scope);
}

/** Event methods of all systems nginx runs on: a file from FreeBSD loads on Linux and back. */
const EVENT_METHODS: ReadonlySet<string> = new Set([
  'epoll',
  'kqueue',
  'eventport',
  '/dev/poll',
  'poll',
  'select',
]);

function setUse(own: object, directive: Directive): void {
  failIfSet(own, directive);
  const [method = ''] = directive.args;
  if (!EVENT_METHODS.has(method)) {
    fail(directive, `invalid event type "${method}"`);
  }
  Object.assign(own, { use: method });
}

/** A number with an optional sign (ngx_set_priority). */
function setPriority(own: object, directive: Directive): void {
  failIfSet(own, directive);
  const [priority = ''] = directive.args;
  if (!/^[-+]?[0-9]+$/.test(priority)) failDirective(directive, 'invalid number');
  Object.assign(own, { worker_priority: Number(priority) });
}

/** Bounds of ngx_http_core_pool_size; 112 is nginx's least on 64-bit machines. */
function poolSize(directive: Directive): number {
  const bytes = size(directive);
  if (bytes < 112) fail(directive, 'the pool size must be no less than 112');
  if (bytes % 16 !== 0) fail(directive, 'the pool size must be a multiple of 16');
  return bytes;
}

/** `name threads=N [max_queue=N]` (ngx_thread_pool). */
function checkThreadPool(_own: object, directive: Directive): void {
  let hasThreads = false;
  for (const parameter of directive.args.slice(1)) {
    const [, name, number = ''] = /^(threads|max_queue)=(.*)$/.exec(parameter) ?? [];
    const value = parseNumber(number);
    if (name === undefined) continue; // as nginx does
    if (value === undefined || (name === 'threads' && value === 0)) {
      const text = name === 'threads' ? 'invalid threads value' : 'invalid max_queue value';
      fail(directive, `${text} "${parameter}"`);
    }
    hasThreads ||= name === 'threads';
  }
  if (!hasThreads) fail(directive, '"thread_pool" must have "threads" parameter');
}

/** `auto [mask]` or masks of 0 and 1 (ngx_set_cpu_affinity). */
function cpuMasks(directive: Directive): readonly string[] {
  const masks = directive.args[0] === 'auto' ? directive.args.slice(1) : directive.args;
  for (const mask of masks) {
    const stranger = /[^01 ]/.exec(mask);
    if (stranger === null) continue;
    fail(directive, `invalid character "${stranger[0]}" in "worker_cpu_affinity"`);
  }
  return directive.args;
}
