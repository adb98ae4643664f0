/** Recognises the apps of frameworks, by what they have: nothing of any framework is imported. */
import type { EventEmitter } from 'node:events';
import { type RequestListener, Server } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import { AppLoadError, EXIT_APP_LOAD_ERROR } from '../errors.ts';
import type { AppKind, AppOrigin, NodeKind } from './detect.ts';
import type { FetchCall } from './fetch/exchange.ts';
import type { WebServer } from './listen-takeover.ts';

type Callable = (...args: unknown[]) => unknown;
type Properties = Readonly<Record<string, unknown>>;

/** The order matters: h3 has `fetch` and `handler`, Express is a function of three arguments. */
export async function frameworkApp(app: object, origin: AppOrigin): Promise<AppKind | undefined> {
  const has = app as Properties;
  if (isFunction(has['routing']) && isFunction(has['ready'])) return fastify(app, has);
  if (isFunction(has['callback']) && Array.isArray(has['middleware'])) {
    return listenerApp('Koa', Reflect.apply(has['callback'], app, []));
  }
  if (isServer(has['listener']) && isFunction(has['initialize'])) {
    return hapi(app, has['listener'], origin);
  }
  if (isFunction(has['getHttpAdapter']) && isFunction(has['init'])) return nest(app, has);
  if (isFunction(has['fetch'])) {
    // Bound, since classes keep their state in `this`.
    return { kind: 'fetch', shape: 'fetch', fetch: bound(has['fetch'], app) as FetchCall };
  }
  if (typeof app === 'function' && isFunction(has['handle'])) return listenerApp('Express', app);
  if (isFunction(has['handler']) && isFunction(has['listen'])) {
    return listenerApp('polka', bound(has['handler'], app));
  }
  if (isFunction(has['handler']) && Array.isArray(has['stack'])) return h3(app, origin);
  if (isServer(has['server']) && isFunction(has['listen'])) {
    return { kind: 'node', shape: 'restify', server: has['server'], listener: undefined };
  }
  return undefined;
}

async function fastify(app: object, has: Properties): Promise<NodeKind> {
  await call(app, 'ready');
  const server = isServer(has['server']) ? has['server'] : undefined;
  const listener =
    server === undefined ? (bound(has['routing'], app) as RequestListener) : undefined;
  return { kind: 'node', shape: 'Fastify', server, listener, close: () => call(app, 'close') };
}

/** Started, not initialized only: before that it says `Connection: close` in every response. */
async function hapi(app: object, server: WebServer, origin: AppOrigin): Promise<NodeKind> {
  origin.expectListen(server);
  try {
    await call(app, 'start');
  } catch (error) {
    // The module has called start() itself and does not wait for it.
    const isUnderWay =
      error instanceof Error && / (?:initializing|starting) phase$/.test(error.message);
    if (!isUnderWay) throw error;
    const events = (app as Properties)['events'] as EventEmitter;
    await new Promise<void>((resolve) => events.once('start', resolve));
  }
  return serverApp('hapi', server, () => call(app, 'stop'));
}

async function nest(app: object, has: Properties): Promise<NodeKind> {
  await call(app, 'init');
  const adapter = Reflect.apply(has['getHttpAdapter'] as Callable, app, []) as object;
  const instance = (await call(adapter, 'getInstance')) as Properties;
  // Fastify finishes its plugins only then.
  if (isFunction(instance['ready'])) await call(instance, 'ready');
  const server = (await call(app, 'getHttpServer')) as WebServer;
  return serverApp('NestJS', server, () => call(app, 'close'));
}

/** Version 1: the listener comes from a function of the package beside it. */
async function h3(app: object, origin: AppOrigin): Promise<NodeKind> {
  const { toNodeListener } = await origin.importPackage('h3').catch(refuseH3);
  if (!isFunction(toNodeListener)) return refuseH3(undefined);
  try {
    return listenerApp('h3', toNodeListener(app));
  } catch (cause) {
    // That of version 2 is another one.
    return refuseH3(cause);
  }
}

function refuseH3(cause: unknown): never {
  const text = 'An app of h3 1 needs the package h3 1 beside it: else export toNodeListener(app)';
  throw new AppLoadError(text, EXIT_APP_LOAD_ERROR, { cause });
}

function serverApp(shape: string, server: WebServer, close: () => unknown): NodeKind {
  return { kind: 'node', shape, server, listener: undefined, close };
}

function listenerApp(shape: string, listener: unknown): NodeKind {
  return { kind: 'node', shape, server: undefined, listener: listener as RequestListener };
}

async function call(app: object, name: string): Promise<unknown> {
  const method = (app as Properties)[name];
  return isFunction(method) ? Reflect.apply(method, app, []) : undefined;
}

/** An app may have a `bind` of its own: Express has one for the HTTP method of that name. */
function bound(method: unknown, app: object): Callable {
  return Function.prototype.bind.call(method as Callable, app);
}

function isServer(value: unknown): value is WebServer {
  return value instanceof Server || value instanceof HttpsServer;
}

function isFunction(value: unknown): value is Callable {
  return typeof value === 'function';
}
