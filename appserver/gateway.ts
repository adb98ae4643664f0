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
import type { Duplex } from 'node:stream';

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
  /**
   * Aborts when the worker begins to stop (TERM, HUP, TTOU, `max_requests`), before it drains. What
   * has no end of its own, a WebSocket or a stream of events, ends then: a stopping worker waits for
   * it, as long as `graceful_timeout` allows. The same signal for all requests of a copy, and
   * `worker.stopping`: who listens for one request takes the listener away when that is over.
   */
  readonly stopping: AbortSignal;
  /**
   * Takes the connection over from HTTP, for a WebSocket: the arguments of an `upgrade` listener of
   * node:http. `undefined` where the request asks for no upgrade: it is not HTTP/1.1, has no Upgrade
   * field that Connection names, or has content; where the client has left; and for `(request,
   * response)` applications, whose `http.Server` has listeners of its own. What the application
   * returns afterwards is dropped. Throws UpgradeError the second time, and after the response.
   *
   * @example
   * const sockets = new WebSocketServer({ noServer: true }); // of the package ws
   * const offer = gateway.upgrade();
   * if (offer === undefined) return new Response('a WebSocket, please', { status: 426 });
   * const { request, socket, head } = offer;
   * sockets.handleUpgrade(request, socket, head, (webSocket) => webSocket.send('hello'));
   * return new Response(null);
   */
  upgrade(): UpgradeOffer | undefined;
}

/** A connection that the application has taken over; what an `upgrade` listener of node:http gets. */
export interface UpgradeOffer {
  /** Method, target and fields as they came; it has no content. Its `socket` is the one beside it. */
  readonly request: IncomingMessage;
  /**
   * Both ways of the connection. What is written first is the head of the response, of at most 16 KB:
   * a 101 begins the new protocol; any other status is a response of HTTP, whose content is written
   * and ended. Until the client's side is ended too, `end` closes one way only; `destroy` closes both.
   */
  readonly socket: Duplex;
  /** Always empty: what the client has sent already is read from the socket. */
  readonly head: Buffer;
}

/** One copy of the application: each thread of each worker process loads its own. */
export interface WorkerFacts {
  /** Serial number of the worker process in the pool: 1, 2, ... */
  readonly age: number;
  readonly pid: number;
  /** 0 .. threadCount - 1. */
  readonly threadIndex: number;
  readonly threadCount: number;
  /** `Gateway.stopping`, for `startup`. */
  readonly stopping: AbortSignal;
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
