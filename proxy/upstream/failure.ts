/** What went wrong with an upstream, in nginx's words. */
import type { ClientFailure } from '../../http1/response-sink.ts';
import { CRIT, ERROR } from '../log/error-log.ts';
import { NEXT_ERROR, NEXT_INVALID_HEADER, NEXT_TIMEOUT } from './next.ts';

/** Numbers and texts of Linux for the errors that sockets meet. */
const SYSTEM_ERRORS: Readonly<Record<string, readonly [number, string]>> = {
  EPERM: [1, 'Operation not permitted'],
  ENOENT: [2, 'No such file or directory'],
  EAGAIN: [11, 'Resource temporarily unavailable'],
  EACCES: [13, 'Permission denied'],
  ENOTSOCK: [88, 'Socket operation on non-socket'],
  EMFILE: [24, 'Too many open files'],
  EPIPE: [32, 'Broken pipe'],
  EADDRNOTAVAIL: [99, 'Cannot assign requested address'],
  ENETUNREACH: [101, 'Network is unreachable'],
  ECONNABORTED: [103, 'Software caused connection abort'],
  ECONNRESET: [104, 'Connection reset by peer'],
  ETIMEDOUT: [110, 'Connection timed out'],
  ECONNREFUSED: [111, 'Connection refused'],
  EHOSTUNREACH: [113, 'No route to host'],
};

/** nginx logs these failures of connect() as errors, all others as crit (`ngx_event_connect_peer`). */
const COMMON = /^(ECONNREFUSED|EAGAIN|ECONNRESET|ENETUNREACH|EHOSTUNREACH)$/;

/** What an exchange was doing, for the log: ` while connecting to upstream`. */
export type Action =
  | 'connecting to upstream'
  | 'sending request to upstream'
  | 'reading response header from upstream'
  | 'reading upstream'
  | 'proxying upgraded connection';

/** The case of `proxy_next_upstream` that a failure is. */
export function caseOfFailure(failure: ClientFailure): number {
  switch (failure.kind) {
    case 'connect-timeout':
    case 'send-timeout':
    case 'read-timeout':
      return NEXT_TIMEOUT;
    case 'malformed':
      return NEXT_INVALID_HEADER;
    default:
      return NEXT_ERROR;
  }
}

/** Whether the request cannot have reached the peer. */
export function isBeforeRequest(failure: ClientFailure): boolean {
  return failure.kind === 'connect' || failure.kind === 'connect-timeout';
}

/** The line to log for a failure, without what follows `while`. */
export function failureText(failure: ClientFailure, peer: string): string {
  switch (failure.kind) {
    case 'connect':
      // nginx knows at once that a Unix socket refuses, and names it; for TCP it learns later.
      return peer.startsWith('unix:')
        ? `connect() to ${peer} failed ${systemText(failure.cause)}`
        : `connect() failed ${systemText(failure.cause)}`;
    case 'connect-timeout':
    case 'send-timeout':
    case 'read-timeout':
      return 'upstream timed out (110: Connection timed out)';
    case 'reset':
      return codeOf(failure.cause) === 'EPIPE'
        ? `writev() failed ${systemText(failure.cause)}`
        : `recv() failed ${systemText(failure.cause)}`;
    case 'malformed':
      return failure.message;
    case 'premature-close':
      return 'upstream prematurely closed connection';
  }
}

/** The level at which nginx logs a failure. */
export function failureLevel(failure: ClientFailure): number {
  return failure.kind === 'connect' && !COMMON.test(codeOf(failure.cause)) ? CRIT : ERROR;
}

function codeOf(cause: Error | undefined): string {
  return cause !== undefined && 'code' in cause ? String(cause.code) : '';
}

function systemText(cause: Error | undefined): string {
  const code = codeOf(cause);
  const known = SYSTEM_ERRORS[code];
  return known === undefined ? `(${code})` : `(${known[0]}: ${known[1]})`;
}
