/** Recognises what kind of application an export is, and makes it callable. */
import { type RequestListener, Server } from 'node:http';
import { AppLoadError, EXIT_APP_LOAD_ERROR } from '../errors.ts';
import type { FetchCall } from './fetch/exchange.ts';

/** An application that answers a Request with a Response. */
export interface FetchKind {
  readonly kind: 'fetch';
  /** What it was recognised as, for the log. */
  readonly shape: string;
  readonly fetch: FetchCall;
}

/** An application that listens to node:http. */
export interface NodeKind {
  readonly kind: 'node';
  readonly shape: string;
  /** Its server, where it brings one: its listeners and its settings are kept. */
  readonly server: Server | undefined;
  readonly listener: RequestListener | undefined;
  /** Ends what the framework has opened; called after the last request. */
  close?(): unknown;
}

export type AppKind = FetchKind | NodeKind;

const SHAPES = `accepted are:
  an http.Server, or an app of Fastify, Koa, hapi, Express, connect or polka
  an object with a fetch function: Hono, h3, srvx, itty-router, a Workers module
  a function of one argument, (request) => Response
  a function of two arguments, (request, response) => void`;

type Callable = (...args: never[]) => unknown;
type Properties = Readonly<Record<string, unknown>>;

/** Throws AppLoadError, with the list of accepted shapes, where it is none of them. */
export async function detectApp(value: unknown): Promise<AppKind> {
  const app = await value;
  if (app instanceof Server) {
    return { kind: 'node', shape: 'http.Server', server: app, listener: undefined };
  }
  if ((typeof app !== 'object' && typeof app !== 'function') || app === null) throw refuse(app);
  const properties = app as Properties;
  const known = (await detectFramework(app, properties)) ?? detectFunction(app);
  if (known === undefined) throw refuse(app);
  return known;
}

/** The order matters: h3 has `fetch` and `handler`, Express is a function of three arguments. */
async function detectFramework(app: object, has: Properties): Promise<AppKind | undefined> {
  if (isFunction(has['routing']) && isFunction(has['ready'])) return fastify(app, has);
  if (isFunction(has['callback']) && Array.isArray(has['middleware'])) {
    return node('Koa', has['callback'].call(app as never));
  }
  if (has['listener'] instanceof Server && isFunction(has['initialize'])) return hapi(app, has);
  if (isFunction(has['fetch'])) {
    // Bound, since classes keep their state in `this`.
    const fetch = has['fetch'].bind(app as never) as unknown as FetchCall;
    return { kind: 'fetch', shape: 'fetch', fetch };
  }
  if (typeof app === 'function' && isFunction(has['handle'])) return node('Express', app);
  if (isFunction(has['handler']) && isFunction(has['listen'])) {
    return node('polka', has['handler'].bind(app as never));
  }
  return undefined;
}

function detectFunction(app: object): AppKind | undefined {
  if (typeof app !== 'function') return undefined;
  if (app.length === 1) {
    return { kind: 'fetch', shape: '(request) function', fetch: app as FetchCall };
  }
  return app.length === 2 ? node('(req, res) function', app) : undefined;
}

async function fastify(app: object, has: Properties): Promise<NodeKind> {
  await (has['ready'] as Callable).call(app as never);
  const routing = has['routing'] as RequestListener;
  const upgrades = has['server'] instanceof Server ? has['server'] : undefined;
  const close = has['close'];
  return {
    kind: 'node',
    shape: 'Fastify',
    server: upgrades,
    listener:
      upgrades === undefined ? (req, res) => routing.call(app as never, req, res) : undefined,
    close: () => (isFunction(close) ? close.call(app as never) : undefined),
  };
}

async function hapi(app: object, has: Properties): Promise<NodeKind> {
  await (has['initialize'] as Callable).call(app as never);
  const stop = has['stop'];
  return {
    kind: 'node',
    shape: 'hapi',
    server: has['listener'] as Server,
    listener: undefined,
    close: () => (isFunction(stop) ? stop.call(app as never) : undefined),
  };
}

function node(shape: string, listener: unknown): NodeKind {
  return { kind: 'node', shape, server: undefined, listener: listener as RequestListener };
}

function isFunction(value: unknown): value is Callable {
  return typeof value === 'function';
}

function refuse(app: unknown): AppLoadError {
  return new AppLoadError(
    `Application object must be callable: ${describe(app)}; ${SHAPES}`,
    EXIT_APP_LOAD_ERROR,
    {},
  );
}

function describe(app: unknown): string {
  if (app === null) return 'found null';
  if (typeof app === 'function') return `found a function of ${app.length} arguments`;
  if (typeof app !== 'object') return `found a ${typeof app}`;
  const keys = Object.keys(app);
  return `found an object with ${keys.length === 0 ? 'nothing in it' : keys.slice(0, 10).join(', ')}`;
}
