/** The request-target sent to an upstream, from the request's URI and `proxy_pass`. */
import { escapePath } from '../../wire/escape.ts';
import { wasEscaped } from '../../wire/sent-path.ts';
import type { HttpRequest } from '../http/request.ts';

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

/**
 * The target as the client sent it, in origin-form: nginx's unparsed_uri has no scheme and host. A
 * fragment, which clients must not send, is passed on as nginx does.
 */
export function receivedTarget(target: string): string {
  const first = target.charCodeAt(0);
  if (first === 0x2f || first === 0x2a) return target;
  const authority = target.indexOf('://');
  if (authority === -1) return target;
  const path = target.slice(authority + 3).search(/[/?]/);
  if (path === -1) return '/';
  const rest = target.slice(authority + 3 + path);
  if (!rest.startsWith('?')) return rest;
  // nginx empty_path_in_uri: the target is made anew of the arguments that were read.
  const args = withoutFragment(rest);
  return args === '?' ? '/' : `/${args}`;
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
  return r.isInternal || wasEscaped(r.head.target);
}
