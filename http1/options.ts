/** What a listener's configuration decides about its connections. */
import type { ConnectionTimes } from '../wire/exchange.ts';
import type { HeadLimits } from '../wire/head.ts';
import { threadClock } from './clock.ts';
import { type Timers, threadTimers } from './timers.ts';

/** Decided once per listener, at load. Milliseconds and bytes. */
export interface ServerOptions {
  readonly headLimits: HeadLimits;
  /**
   * For a whole request head: from accept for the first, from its first byte for later ones
   * (nginx `client_header_timeout`).
   */
  readonly headTimeoutMs: number;
  /** What applies until a handler sets `Exchange.times`. */
  readonly times: ConnectionTimes;
  /** Most bytes kept for a handler that does not read yet; beyond it reading pauses. */
  readonly heldBytes: number;
  /**
   * Most bytes of content that nobody reads which are still discarded to save the connection;
   * beyond it the connection closes, lingering.
   */
  readonly discardBytes: number;
  /** The thread's timers, or a test's own; their clock is the one used. */
  readonly timers: Timers;
}

/** nginx's defaults: `client_header_timeout` 60s, `keepalive_timeout` 75s, ... */
export const nginxTimes: ConnectionTimes = {
  contentTimeoutMs: 60_000,
  sendTimeoutMs: 60_000,
  keepaliveTimeoutMs: 75_000,
  keepaliveHeaderSeconds: 0,
  keepaliveRequests: 1000,
  keepaliveTimeMs: 3_600_000,
  lingeringClose: 'on',
  lingeringTimeMs: 30_000,
  lingeringTimeoutMs: 5_000,
  resetTimedout: false,
};

/** Completes options with nginx's defaults. */
export function serverOptions(
  given: Partial<ServerOptions> & { readonly headLimits: HeadLimits },
): ServerOptions {
  return {
    headTimeoutMs: 60_000,
    times: nginxTimes,
    heldBytes: 64 * 1024,
    discardBytes: 256 * 1024,
    timers: threadTimers,
    ...given,
  };
}

export { threadClock, threadTimers };
