/** The request-target sent to an upstream, from the request's URI and `proxy_pass`. */
import type { HttpRequest } from '../http/request.ts';

const HEX = '0123456789ABCDEF';

/** 1 for what nginx escapes in a URI (`ngx_escape_uri`, NGX_ESCAPE_URI): controls, space, `#%?`, 8-bit. */
const ESCAPED = new Uint8Array(256);
for (let code = 0; code < 256; code++) {
  const isSpecial = code === 0x20 || code === 0x23 || code === 0x25 || code === 0x3f;
  ESCAPED[code] = code < 0x20 || code >= 0x7f || isSpecial ? 1 : 0;
}

/** Percent-encodes what may not stand in a path. */
export function escapePath(path: string): string {
  for (let i = 0; i < path.length; i++) {
    if (ESCAPED[path.charCodeAt(i)] === 1) return escapeFrom(path, i);
  }
  return path;
}

function escapeFrom(path: string, at: number): string {
  let text = path.substring(0, at);
  for (let i = at; i < path.length; i++) {
    const code = path.charCodeAt(i);
    text += ESCAPED[code] === 1 ? `%${HEX[code >> 4]}${HEX[code & 15]}` : path[i];
  }
  return text;
}

/**
 * Percent-encodes only what would break the request line: controls and space. nginx sends the value
 * of a `proxy_pass` with variables as it is, where a decoded `$uri` could add lines to the request.
 */
export function escapeBreaks(target: string): string {
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i);
    if (code <= 0x20 || code === 0x7f) {
      return target.replace(/[\x00-\x20\x7f]/g, (each) => escapePath(each));
    }
  }
  return target;
}

/** The target as the client sent it, in origin-form. nginx's unparsed_uri has no scheme and host. */
export function receivedTarget(target: string): string {
  const first = target.charCodeAt(0);
  if (first === 0x2f || first === 0x2a) return withoutFragment(target);
  const authority = target.indexOf('://');
  if (authority === -1) return target;
  const path = target.slice(authority + 3).search(/[/?]/);
  if (path === -1) return '/';
  const rest = target.slice(authority + 3 + path);
  return withoutFragment(rest.startsWith('?') ? `/${rest}` : rest);
}

function withoutFragment(target: string): string {
  const at = target.indexOf('#');
  return at === -1 ? target : target.substring(0, at);
}

/** `replaced` and the rest of the normalised URI after the location's name, with the arguments. */
export function replacedTarget(r: HttpRequest, replaced: string, locationLength: number): string {
  const rest = locationLength === 0 ? r.uri : r.uri.substring(locationLength);
  const path = replaced + (isEscapeDue(r) ? escapePath(rest) : rest);
  return r.args === '' ? path : `${path}?${r.args}`;
}

/** nginx escapes where the URI held escapes or was made by nginx itself (`quoted_uri`, `internal`). */
function isEscapeDue(r: HttpRequest): boolean {
  return r.isInternal || r.head.target.includes('%') || !r.isTargetValid;
}
