/**
 * Connections to peers, kept between requests as nginx's `keepalive` keeps them: a bounded number
 * of idle ones per upstream and thread, the most recently used one first, so that those closed for
 * idleness are the ones nobody is about to use.
 */
import type { HeadLimits } from '../wire/head.ts';
import { ClientConnection, type ConnectionKeeper } from './client-connection.ts';
import { isPlainForced, type SocketAddress } from './socket.ts';
import { type Timers, threadTimers } from './timers.ts';

/** How long and how many connections are kept; nginx's directives of the same names. */
export interface KeepaliveLimits {
  /** `keepalive`: most idle connections, over all peers; 0 keeps none. */
  readonly connections: number;
  /** `keepalive_requests`: most requests over one connection. */
  readonly requests: number;
  /** `keepalive_time`: longest life of a connection that is used again. */
  readonly timeMs: number;
  /** `keepalive_timeout`: longest idle time. */
  readonly timeoutMs: number;
}

/** The idle connections of one upstream in one thread, shared by the pools of its peers. */
export class KeepaliveCache {
  readonly limits: KeepaliveLimits;
  /** How many are idle. */
  idle = 0;
  /** Most recently used first. */
  #first: ClientConnection | undefined = undefined;
  #last: ClientConnection | undefined = undefined;

  constructor(limits: KeepaliveLimits) {
    this.limits = limits;
  }

  /** Adds a connection; the least recently used one gives way where there is no room. */
  add(connection: ClientConnection): void {
    if (this.idle >= this.limits.connections) this.#last?.discard();
    connection.idlePrevious = undefined;
    connection.idleNext = this.#first;
    if (this.#first === undefined) this.#last = connection;
    else this.#first.idlePrevious = connection;
    this.#first = connection;
    this.idle++;
  }

  remove(connection: ClientConnection): void {
    const { idlePrevious, idleNext } = connection;
    if (idlePrevious === undefined && this.#first !== connection) return;
    if (idlePrevious === undefined) this.#first = idleNext;
    else idlePrevious.idleNext = idleNext;
    if (idleNext === undefined) this.#last = idlePrevious;
    else idleNext.idlePrevious = idlePrevious;
    connection.idlePrevious = undefined;
    connection.idleNext = undefined;
    this.idle--;
  }

  /** Takes the most recently used connection of a pool out. */
  take(keeper: ConnectionKeeper): ClientConnection | undefined {
    // nginx: ngx_http_upstream_get_keepalive_peer walks the queue the same way.
    let connection = this.#first;
    while (connection !== undefined && connection.keeper !== keeper) {
      connection = connection.idleNext;
    }
    if (connection !== undefined) this.remove(connection);
    return connection;
  }

  /** Closes all idle connections. */
  close(): void {
    while (this.#first !== undefined) this.#first.discard();
  }
}

export interface ClientPoolOptions {
  readonly headLimits: HeadLimits;
  /** The upstream's idle connections; `undefined` keeps none. */
  readonly cache: KeepaliveCache | undefined;
  readonly timers?: Timers;
  /** Use 'data' events instead of the shared read buffer. */
  readonly isPlain?: boolean;
}

/** The connections of one thread to one peer. */
export class ClientPool implements ConnectionKeeper {
  readonly address: SocketAddress;
  /** Connections open, idle ones and those being made included. */
  open = 0;
  /** Connections made since the start. */
  connected = 0;
  readonly #headLimits: HeadLimits;
  readonly #cache: KeepaliveCache | undefined;
  readonly #timers: Timers;
  readonly #isPlain: boolean;
  #isClosed = false;

  constructor(address: SocketAddress, options: ClientPoolOptions) {
    this.address = address;
    this.#headLimits = options.headLimits;
    this.#cache = options.cache;
    this.#timers = options.timers ?? threadTimers;
    this.#isPlain = options.isPlain ?? isPlainForced;
  }

  /** A kept connection, or else a new one. `start` must follow in the same turn. */
  take(connectTimeoutMs: number): ClientConnection {
    return this.#cache?.take(this) ?? this.connect(connectTimeoutMs);
  }

  /** A new connection, where a kept one was stale. `start` must follow in the same turn. */
  connect(connectTimeoutMs: number): ClientConnection {
    this.open++;
    this.connected++;
    return new ClientConnection(this, {
      address: this.address,
      headLimits: this.#headLimits,
      connectTimeoutMs,
      timers: this.#timers,
      isPlain: this.#isPlain,
    });
  }

  keep(connection: ClientConnection): boolean {
    const cache = this.#cache;
    if (cache === undefined || this.#isClosed) return false;
    const { connections, requests, timeMs, timeoutMs } = cache.limits;
    if (connections === 0 || connection.requestCount >= requests) return false;
    if (this.#timers.clock.monotonic - connection.openedAt >= timeMs) return false;
    cache.add(connection);
    if (timeoutMs > 0) this.#timers.arm(connection, timeoutMs);
    return true;
  }

  lost(connection: ClientConnection, isIdle: boolean): void {
    this.open--;
    if (isIdle) this.#cache?.remove(connection);
  }

  /** Keeps nothing from now on; idle connections of all peers of the cache close. */
  close(): void {
    this.#isClosed = true;
    this.#cache?.close();
  }
}
