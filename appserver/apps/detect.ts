/** Recognises what kind of application an export is, and makes it callable. */
import { type RequestListener, Server } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import { AppLoadError, EXIT_APP_LOAD_ERROR } from '../errors.ts';
import type { FetchCall } from './fetch/exchange.ts';
import { frameworkApp } from './frameworks.ts';
import { shapeOfFunction } from './function-shape.ts';
import type { WebServer } from './listen-takeover.ts';
import { withoutNext, withoutResponse } from './node/bare-function.ts';

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
  readonly server: WebServer | undefined;
  readonly listener: RequestListener | undefined;
  /** Ends what the framework has opened; called after the last request. */
  close?(): unknown;
}

export type AppKind = FetchKind | NodeKind;

/** What is known of an application beside the object itself. */
export interface AppOrigin {
  /** The export it was found under. */
  readonly exportName: string | undefined;
  /** Imports a package as the application's module would. */
  importPackage(specifier: string): Promise<Readonly<Record<string, unknown>>>;
  /** The framework is about to let this server listen, which is the application's. */
  expectListen(server: WebServer): void;
}

/** An application nobody knows more about. */
const NOWHERE: AppOrigin = {
  exportName: undefined,
  importPackage: (specifier) => import(specifier),
  expectListen: () => {},
};

const SHAPES = `accepted are:
  an http.Server, or an app of Fastify, Koa, hapi, Express, connect, restify, polka, NestJS or h3
  an object with a fetch function: Hono, h3, srvx, Elysia, itty-router, a Workers module
  a function of one argument, (request) => Response
  a function of two or three arguments, (request, response, next) => void
  a module that calls listen() itself`;

/** Throws AppLoadError, with the list of accepted shapes, where it is none of them. */
export async function detectApp(value: unknown, origin = NOWHERE): Promise<AppKind> {
  const app = await value;
  const known = await recogniseApp(app, origin);
  if (known === undefined) throw refusal(app);
  return known;
}

/** The same for a value that is no promise; `undefined` where it is no application. */
export async function recogniseApp(app: unknown, origin: AppOrigin): Promise<AppKind | undefined> {
  if (app instanceof Server || app instanceof HttpsServer) return serverApp(app, 'http.Server');
  if ((typeof app !== 'object' && typeof app !== 'function') || app === null) return undefined;
  return (await frameworkApp(app, origin)) ?? functionApp(app, origin.exportName);
}

/** The application behind a server. */
export function serverApp(server: WebServer, shape: string): NodeKind {
  return { kind: 'node', shape, server, listener: undefined };
}

function functionApp(app: object, exportName: string | undefined): AppKind | undefined {
  if (typeof app !== 'function') return undefined;
  const call = app as (...args: never[]) => unknown;
  switch (shapeOfFunction(call, exportName)) {
    case 'fetch':
      return { kind: 'fetch', shape: '(request) function', fetch: app as FetchCall };
    case 'node':
      return nodeApp('(req, res) function', withoutResponse(app as RequestListener));
    case 'middleware':
      return nodeApp('(req, res, next) function', withoutNext(app as never));
    default:
      return undefined;
  }
}

function nodeApp(shape: string, listener: RequestListener): NodeKind {
  return { kind: 'node', shape, server: undefined, listener };
}

/** Why a value is no application; `place` says where it was found. */
export function refusal(app: unknown, place = ''): AppLoadError {
  const text = `Application object must be callable: ${describe(app)}${place}; ${SHAPES}`;
  return new AppLoadError(text, EXIT_APP_LOAD_ERROR, {});
}

function describe(app: unknown): string {
  if (app === null) return 'found null';
  if (typeof app === 'function') return `found a function of ${app.length} arguments`;
  if (typeof app !== 'object') return `found a ${typeof app}`;
  const keys = Object.keys(app);
  return `found an object with ${keys.length === 0 ? 'nothing in it' : keys.slice(0, 10).join(', ')}`;
}
