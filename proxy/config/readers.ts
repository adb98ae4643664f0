/**
 * Value readers for directive rows. A row's `set` is `assign(reader)`: one value, refused when it
 * was already set at this level, kept in the module's `own` under the directive's name:
 *
 *     { name: 'send_timeout', in: HTTP | SERVER | LOCATION, args: [1, 1], set: assign(milliseconds) }
 *
 * All texts are those of nginx's ngx_conf_set_*_slot functions.
 */

import { type Directive, fail, failDirective, type Scope } from './directive.ts';
import { inConfPrefix, inPrefix } from './paths.ts';
import { parseMilliseconds, parseNumber, parseOffset, parseSeconds, parseSize } from './units.ts';

/** Reads the value of a directive; throws ConfigError where it is not one. */
export type ReadValue<T> = (directive: Directive, scope: Scope) => T;

/** What a row calls to take a directive. */
export type SetDirective = (own: object, directive: Directive, scope: Scope) => void;

/**
 * Sets one value; a second one at the same level `is duplicate`. `key` is where it is kept in `own`,
 * the directive's name unless given.
 */
export function assign<T>(read: ReadValue<T>, key?: string): SetDirective {
  return (own, directive, scope) => {
    failIfSet(own, directive, key);
    put(own, key ?? directive.name, read(directive, scope));
  };
}

/** Adds one value to the list of this level; each directive adds its own. */
export function append<T>(read: ReadValue<T>, key?: string): SetDirective {
  return (own, directive, scope) => {
    const list = get(own, key ?? directive.name);
    const value = read(directive, scope);
    if (Array.isArray(list)) list.push(value);
    else put(own, key ?? directive.name, [value]);
  };
}

/** Throws `"x" directive is duplicate` where `own` has the key already. */
export function failIfSet(own: object, directive: Directive, key: string = directive.name): void {
  if (get(own, key) !== undefined) failDirective(directive, 'is duplicate');
}

/** A reader followed by a check of what it read, which throws through `fail`. */
export function checked<T>(
  read: ReadValue<T>,
  check: (value: T, directive: Directive, scope: Scope) => void,
): ReadValue<T> {
  return (directive, scope) => {
    const value = read(directive, scope);
    check(value, directive, scope);
    return value;
  };
}

/** `on` or `off` in any case (ngx_conf_set_flag_slot). */
export function flag(directive: Directive): boolean {
  const value = first(directive);
  const lower = value.toLowerCase();
  if (lower === 'on') return true;
  if (lower === 'off') return false;
  fail(
    directive,
    `invalid value "${value}" in "${directive.name}" directive, it must be "on" or "off"`,
  );
}

/** The first word as it stands (ngx_conf_set_str_slot). */
export function word(directive: Directive): string {
  return first(directive);
}

/** All words. */
export function words(directive: Directive): readonly string[] {
  return directive.args;
}

/** The first two words as name and value (ngx_conf_set_keyval_slot). */
export function pair(directive: Directive): readonly [name: string, value: string] {
  return [first(directive), directive.args[1] ?? ''];
}

/** A whole number from 0 (ngx_conf_set_num_slot). */
export function integer(directive: Directive): number {
  return parseNumber(first(directive)) ?? failDirective(directive, 'invalid number');
}

/** A whole number within bounds, both included (ngx_conf_check_num_bounds). */
export function integerBetween(low: number, high: number): ReadValue<number> {
  return checked(integer, (value, directive) => {
    if (value >= low && value <= high) return;
    fail(
      directive,
      high === Number.POSITIVE_INFINITY
        ? `value must be equal to or greater than ${low}`
        : `value must be between ${low} and ${high}`,
    );
  });
}

/** Bytes with `k` or `m` (ngx_conf_set_size_slot). */
export function size(directive: Directive): number {
  return parseSize(first(directive)) ?? failDirective(directive, 'invalid value');
}

/** Bytes with `k`, `m` or `g`, for what may be larger than memory (ngx_conf_set_off_slot). */
export function offset(directive: Directive): number {
  return parseOffset(first(directive)) ?? failDirective(directive, 'invalid value');
}

/** A time in milliseconds (ngx_conf_set_msec_slot). */
export function milliseconds(directive: Directive): number {
  return parseMilliseconds(first(directive)) ?? failDirective(directive, 'invalid value');
}

/** A time in seconds (ngx_conf_set_sec_slot). */
export function seconds(directive: Directive): number {
  return parseSeconds(first(directive)) ?? failDirective(directive, 'invalid value');
}

/** How many buffers of how many bytes. */
export interface Buffers {
  readonly count: number;
  readonly sizeBytes: number;
}

/** A number and a size, neither of them 0 (ngx_conf_set_bufs_slot). */
export function buffers(directive: Directive): Buffers {
  const count = parseNumber(first(directive));
  const sizeBytes = parseSize(directive.args[1] ?? '');
  if (!count || !sizeBytes) failDirective(directive, 'invalid value');
  return { count, sizeBytes };
}

/** One word of a closed set, in any case; gives what the table has for it (ngx_conf_set_enum_slot). */
export function oneOf<T>(table: Readonly<Record<string, T>>): ReadValue<T> {
  const byName = new Map(Object.entries(table));
  return (directive) => {
    const value = byName.get(first(directive).toLowerCase());
    return value ?? fail(directive, `invalid value "${first(directive)}"`);
  };
}

/**
 * Words of a closed set, each a bit; gives all of them or-ed. Further directives at the same level
 * add to it, and a bit named twice is a warning (ngx_conf_set_bitmask_slot).
 */
export function anyOf(table: Readonly<Record<string, number>>, key?: string): SetDirective {
  const byName = new Map(Object.entries(table));
  return (own, directive, scope) => {
    const before = get(own, key ?? directive.name);
    let mask = typeof before === 'number' ? before : 0;
    for (const name of directive.args) {
      const bit = byName.get(name.toLowerCase());
      if (bit === undefined) fail(directive, `invalid value "${name}"`);
      if ((mask & bit) !== 0) scope.load.warn(`duplicate value "${name}"`, directive);
      mask |= bit;
    }
    put(own, key ?? directive.name, mask);
  };
}

/** A file or folder, absolute or in the working prefix. */
export function path(directive: Directive, scope: Scope): string {
  return inPrefix(scope.load, first(directive));
}

/** A file, absolute or beside the main configuration file. */
export function confPath(directive: Directive, scope: Scope): string {
  return inConfPrefix(scope.load, first(directive));
}

/**
 * A folder. The numbers behind it say how many levels of folders nginx makes in it; the files here
 * live for one request, so they are checked and not used.
 */
export function tempPath(directive: Directive, scope: Scope): string {
  const [folder = '', ...levels] = directive.args;
  let length = 0;
  for (const level of levels)
    length += (parseNumber(level) || failDirective(directive, 'invalid value')) + 1;
  if (length > LONGEST_LEVELS + levels.length) failDirective(directive, 'invalid value');
  return inPrefix(scope.load, folder);
}

/** nginx `ngx_conf_set_path_slot`: digits of a file's number that may become folders. */
const LONGEST_LEVELS = 10;

/** nginx's ngx_http_types_slot: `text/html` is always among them, and `*` ends the list. */
export function mediaTypes(key?: string): SetDirective {
  return (own, directive, scope) => {
    const before = get(own, key ?? directive.name);
    const types = before instanceof Set ? before : new Set(['text/html']);
    put(own, key ?? directive.name, types);
    for (const name of directive.args) {
      if (types.has('*')) return;
      const type = name.toLowerCase();
      if (types.has(type)) scope.load.warn(`duplicate MIME type "${type}"`, directive);
      types.add(type);
    }
  };
}

function first(directive: Directive): string {
  return directive.args[0] ?? '';
}

// `own` belongs to one module and is keyed by its rows, which are typed; here it is a plain record.
function get(own: object, key: string): unknown {
  return (own as Record<string, unknown>)[key];
}

function put(own: object, key: string, value: unknown): void {
  (own as Record<string, unknown>)[key] = value;
}
