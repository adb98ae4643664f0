/**
 * What an application is, and what it is given. Types only, for applications to import:
 *
 * ```ts
 * import type { FetchApplication } from 'tandem/gateway';
 *
 * export default {
 *   fetch(request, gateway) {
 *     return new Response(`hello ${gateway.clientAddress}`);
 *   },
 * } satisfies FetchApplication;
 * ```
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * What an application knows of a request beside the Request: the second argument of `fetch`. It is
 * the third as well, where Workers-style code looks for `waitUntil`.
 */
export interface Gateway {
  /**
   * Address of the client: what a trusted front said in X-Forwarded-For, else the peer. Empty where
   * the peer is a Unix socket that said nothing. See the setting `forwarded_allow_ips`.
   */
  readonly clientAddress: string;
  /** `https` only where a trusted front said so. The same as in `request.url`. */
  readonly scheme: 'http' | 'https';
  /** Which copy of the application this is. */
  readonly worker: WorkerFacts;
  /**
   * Keeps the worker alive for work that outlives the response: a stopping worker waits for it, as
   * long as `graceful_timeout` allows. A rejection is logged.
   */
  waitUntil(work: Promise<unknown>): void;
}

/** One copy of the application: each thread of each worker process loads its own. */
export interface WorkerFacts {
  /** Serial number of the worker process in the pool: 1, 2, ... */
  readonly age: number;
  readonly pid: number;
  /** 0 .. threadCount - 1. */
  readonly threadIndex: number;
  readonly threadCount: number;
}

/**
 * Answers one request with a Response. An error thrown, or a promise rejected, is answered with 500
 * and logged with its stack. `request.signal` aborts when the client goes away early; the body of a
 * Response is read no faster than the client takes it, and cancelled when the client leaves.
 */
export type FetchFunction = (request: Request, gateway: Gateway) => Response | Promise<Response>;

/** An object with `fetch`: Hono, h3, srvx, itty-router, Workers modules, your own. */
export interface FetchApplication {
  fetch: FetchFunction;
}

/** A listener for node:http: `(request, response) => void`. Express and polka are of this kind. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => unknown;

/**
 * What the module of an application may export beside the application itself. The worker awaits
 * `startup` before it accepts connections, and `shutdown` after its last request.
 */
export interface ApplicationModule {
  startup?(worker: WorkerFacts): unknown;
  shutdown?(): unknown;
}
