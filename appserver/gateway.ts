/**
 * What an application is, and what it is given; docs/gateway-interface.md is the specification. For
 * applications to import:
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
 * What an application knows of a request beside the request itself: the second argument of `fetch`.
 * It is the third as well, where Workers-style code looks for `waitUntil`. A `(request, response)`
 * application asks `gatewayOf(request)` for it.
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
  readonly server: ServerFacts;
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

/** What runs the application. */
export interface ServerFacts {
  /** Name and version: `tandem/1.2.3`. */
  readonly software: string;
  /** Version of docs/gateway-interface.md that it keeps. */
  readonly interfaceVersion: string;
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

/**
 * A listener for node:http: `(request, response) => void`. Express and polka are of this kind. An
 * error thrown, or a promise rejected, is answered with 500 and logged with its stack.
 */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => unknown;

/**
 * What the module of an application may export beside the application itself. The worker awaits
 * `startup` before it accepts connections, and `shutdown` after its last request.
 */
export interface ApplicationModule {
  startup?(worker: WorkerFacts): unknown;
  shutdown?(): unknown;
}

/** Where the gateway of a node:http request is found; the same in every copy of this module. */
export const GATEWAY = Symbol.for('tandem.gateway');

/**
 * The gateway of a request of node:http; `undefined` where no tandem-appserver runs the application.
 *
 * @example
 * export default (request, response) => {
 *   response.end('thanks');
 *   gatewayOf(request)?.waitUntil(sendMail());
 * };
 */
export function gatewayOf(request: IncomingMessage): Gateway | undefined {
  return (request as { readonly [GATEWAY]?: Gateway })[GATEWAY];
}
