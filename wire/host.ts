/** The host of a Host field or an authority, RFC 9110 7.2, as nginx's ngx_http_validate_host. */

const DOT = 0x2e;
const COLON = 0x3a;
const SLASH = 0x2f;
const OPEN = 0x5b;
const CLOSE = 0x5d;

/**
 * Where the host ends inside `value`: before the port and before one trailing dot.
 *
 * @returns the length, or -1 where the value is malformed: two dots in a row, `/`, a control
 *   character or space, an open bracket never closed, or no host at all
 */
export function hostLength(value: string): number {
  let end = -1;
  let isLiteral = false;
  let previous = 0;
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code <= 0x20 || code === 0x7f || code === SLASH) return -1;
    if (code === DOT && previous === DOT) return -1;
    if (code === OPEN && index === 0) isLiteral = true;
    else if (code === CLOSE && isLiteral && end < 0) {
      end = index + 1;
      isLiteral = false;
    } else if (code === COLON && !isLiteral && end < 0) end = index;
    previous = code;
  }
  if (isLiteral) return -1;
  if (end < 0) end = value.length;
  if (end > 0 && value.charCodeAt(end - 1) === DOT) end--;
  return end === 0 ? -1 : end;
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
