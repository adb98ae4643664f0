/**
 * A small nginx for the golden cases: real directives, with the readers that nginx gives them, and
 * nothing behind. What the language itself does can be tested before any module exists.
 */

import {
  type Directive,
  type DirectiveRow,
  type EntryReader,
  EVENTS,
  fail,
  HTTP,
  LIMIT_EXCEPT,
  LOCATION,
  LOCATION_IF,
  MAIN,
  type ModuleRows,
  ONE_OR_MORE,
  type Scope,
  SERVER,
  SERVER_IF,
  UPSTREAM,
} from '../../proxy/config/directive.ts';
import { readNetwork } from '../../proxy/config/network.ts';
import {
  anyOf,
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
  seconds,
  size,
  word,
  words,
} from '../../proxy/config/readers.ts';
import { compileRegex } from '../../proxy/config/regex.ts';
import { innerScope } from '../../proxy/config/scope.ts';
import { parseValue, variableName } from '../../proxy/config/values.ts';

type Row = DirectiveRow<never>;

const ANY = HTTP | SERVER | LOCATION;
const ONE = [1, 1] as const;
const NONE = [0, 0] as const;

const blocks: readonly Row[] = [
  { name: 'events', in: MAIN, args: NONE, open: once(EVENTS) },
  { name: 'http', in: MAIN, args: NONE, open: once(HTTP) },
  { name: 'server', in: HTTP, args: NONE, open: (_own, _at, scope) => innerScope(SERVER, scope) },
  {
    name: 'location',
    in: SERVER | LOCATION,
    args: [1, 2],
    open(_own, directive, scope) {
      const [modifier = '', pattern] = directive.args;
      if (pattern !== undefined && modifier.startsWith('~')) {
        compileRegex(pattern, modifier === '~*', directive);
      }
      return innerScope(LOCATION, scope);
    },
  },
  {
    name: 'upstream',
    in: HTTP,
    args: ONE,
    open: (_own, _directive, scope) => innerScope(UPSTREAM, scope),
    close(inner, _directive, _outer, end) {
      if (!inner.has(upstream)) fail(end, 'no servers are inside upstream');
    },
  },
  { name: 'types', in: ANY, args: NONE, open: () => new TypesReader() },
  { name: 'map', in: HTTP, args: [2, 2], open: openMap },
];

const values: readonly Row[] = [
  { name: 'gzip', in: ANY | LOCATION_IF, args: 'flag', set: assign(flag) },
  { name: 'gzip_vary', in: ANY, args: 'flag', set: assign(flag) },
  { name: 'gzip_comp_level', in: ANY, args: ONE, set: assign(integerBetween(1, 9)) },
  { name: 'gzip_min_length', in: ANY, args: ONE, set: assign(size) },
  { name: 'gzip_buffers', in: ANY, args: [2, 2], set: assign(buffers) },
  { name: 'keepalive_requests', in: ANY, args: ONE, set: assign(integer) },
  { name: 'keepalive_timeout', in: ANY, args: [1, 2], set: assign(milliseconds) },
  { name: 'client_max_body_size', in: ANY, args: ONE, set: assign(offset) },
  { name: 'send_timeout', in: ANY, args: ONE, set: assign(milliseconds) },
  { name: 'open_file_cache_valid', in: ANY, args: ONE, set: assign(seconds) },
  { name: 'default_type', in: ANY, args: ONE, set: assign(word) },
  { name: 'try_files', in: SERVER | LOCATION, args: [2, Infinity], set: assign(words) },
  { name: 'internal', in: LOCATION, args: NONE, set: assign(() => true) },
  {
    name: 'lingering_close',
    in: ANY,
    args: ONE,
    set: assign(oneOf({ off: 0, on: 1, always: 2 })),
  },
  {
    name: 'proxy_next_upstream',
    in: ANY,
    args: ONE_OR_MORE,
    set: anyOf({ error: 1, timeout: 2, http_500: 4, off: 8 }),
  },
  { name: 'allow', in: ANY | LIMIT_EXCEPT, args: ONE, set: append(rule, 'rules') },
  { name: 'deny', in: ANY | LIMIT_EXCEPT, args: ONE, set: append(rule, 'rules') },
  {
    name: 'return',
    in: SERVER | LOCATION | SERVER_IF | LOCATION_IF,
    args: [1, 2],
    set: append((at) => at.args.slice(1).map((text) => parseValue(text, at))),
  },
  {
    name: 'set',
    in: SERVER | LOCATION | SERVER_IF | LOCATION_IF,
    args: [2, 2],
    set: append((at) => [variableName(at.args[0]!, at), parseValue(at.args[1]!, at)]),
  },
];

const upstream = { name: 'http_upstream' };

const peers: readonly Row[] = [
  { name: 'server', in: UPSTREAM, args: ONE_OR_MORE, set: append(words) },
  { name: 'ip_hash', in: UPSTREAM, args: NONE, set: assign(() => true) },
];

/** The rows, module by module. */
export const TEST_MODULES: readonly ModuleRows[] = [
  { module: { name: 'blocks' }, rows: blocks },
  { module: { name: 'values' }, rows: values },
  { module: upstream, rows: peers },
];

/** A block that may stand once (nginx: `events`, `http`). */
function once(context: number) {
  return (own: object, directive: Directive, scope: Scope): Scope => {
    failIfSet(own, directive);
    Object.assign(own, { [directive.name]: true });
    return innerScope(context, scope);
  };
}

function rule(directive: Directive, scope: Scope) {
  const [text = ''] = directive.args;
  return text === 'all' || text === 'unix:' ? text : readNetwork(text, directive, scope);
}

class TypesReader implements EntryReader {
  entry(words: Directive): void {
    if (words.name === 'include') {
      fail(words, 'invalid number of arguments in "include" directive');
    }
  }
}

function openMap(_own: object, directive: Directive): EntryReader {
  variableName(directive.args[1]!, directive);
  return {
    entry(words) {
      if (words.name === 'hostnames' && words.args.length === 0) return;
      if (words.args.length !== 1) fail(words, 'invalid number of the map parameters');
      if (words.name.startsWith('~')) compileRegex(words.name.slice(1), false, words);
    },
  };
}
