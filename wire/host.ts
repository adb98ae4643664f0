/** The host of a Host field or an authority, RFC 9110 7.2, as nginx's ngx_http_validate_host. */

import { LITERAL_CHARACTER, REG_NAME_CHARACTER } from './characters.ts';

const ZERO = 0x30;
const DOT = 0x2e;
const COLON = 0x3a;
const OPEN = 0x5b;
const CLOSE = 0x5d;

const LARGEST_PORT = 65_535;

/**
 * Where the host ends inside `value`: before the port and before one trailing dot.
 *
 * @returns the length, or -1 where the value is malformed: a character that no host has, two dots in a
 *   row, an open bracket never closed, something else than a port after it, or no host at all
 */
function hostLength(value: string): number {
  if (value.charCodeAt(0) === OPEN) return literalLength(value);
  let end = 0;
  let previous = 0;
  for (; end < value.length; end++) {
    const code = value.charCodeAt(end);
    if (REG_NAME_CHARACTER[code] !== 1) {
      if (code === COLON && portAt(value, end + 1) >= 0) break;
      return -1;
    }
    if (code === DOT && previous === DOT) return -1;
    previous = code;
  }
  if (previous === DOT) end--;
  return end === 0 ? -1 : end;
}

/** `[address]`, with a port or alone. */
function literalLength(value: string): number {
  let end = 1;
  while (LITERAL_CHARACTER[value.charCodeAt(end)] === 1) end++;
  if (value.charCodeAt(end) !== CLOSE) return -1;
  end++;
  if (end === value.length) return end;
  return value.charCodeAt(end) === COLON && portAt(value, end + 1) >= 0 ? end : -1;
}

/** The digits from `at` to the end; 0 where there are none, -1 for anything that is no port. */
function portAt(value: string, at: number): number {
  let port = 0;
  for (let index = at; index < value.length; index++) {
    const digit = value.charCodeAt(index) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return -1;
    port = port * 10 + digit;
    if (port > LARGEST_PORT) return -1;
  }
  return port;
}

/** The port that a Host field or an authority names; 0 for none, and for a malformed value. */
export function hostPort(value: string): number {
  let at = hostLength(value);
  if (at < 0) return 0;
  if (value.charCodeAt(at) === DOT) at++;
  return value.charCodeAt(at) === COLON ? portAt(value, at + 1) : 0;
}

/**
 * The host a server is chosen by: port and trailing dot cut, lower case.
 *
 * @returns `undefined` where nginx answers 400 `client sent invalid host header`
 */
export function validateHost(value: string): string | undefined {
  if (value === lastValue) return lastHost;
  const host = readHost(value);
  if (value.length <= LONGEST_KEPT) {
    lastValue = value;
    lastHost = host;
  }
  return host;
}

/** Most requests name the host of the one before. */
let lastValue = '';
let lastHost: string | undefined;
const LONGEST_KEPT = 256;

function readHost(value: string): string | undefined {
  const end = hostLength(value);
  if (end < 0) return undefined;
  for (let index = 0; index < end; index++) {
    const code = value.charCodeAt(index);
    if (code >= 0x41 && code <= 0x5a) return value.substring(0, end).toLowerCase();
  }
  return end === value.length ? value : value.substring(0, end);
}
