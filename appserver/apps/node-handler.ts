/**
 * Runs an application that listens to node:http, on node:http. Its connections are counted with the
 * thread's others, so balance and draining work as on http1/.
 */
import { type IncomingMessage, type RequestListener, Server } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Accounts } from '../../http1/accounts.ts';
import type { AccessLog } from '../logging/access-log.ts';
import type { ErrorLog } from '../logging/error-log.ts';
import { showError } from '../logging/show-error.ts';
import type { Settings } from '../settings/table.ts';
import type { Forwarded } from '../worker/forwarded.ts';
import { type RequestLimits, requestLimits } from '../worker/limits.ts';
import type { Quota } from '../worker/quota.ts';
import type { NodeKind } from './detect.ts';
import { ERROR_PAGE_TYPE, errorPage, reasonOf } from './error-page.ts';
import { watchAccess } from './node/access-record.ts';
import { NodeConnection } from './node/connection.ts';
import { sendPage } from './node/failure.ts';
import { type HeadRules, judgeHead } from './node/judge-head.ts';
import { plainServer } from './node/plain-server.ts';
import { ServedResponse } from './node/served-response.ts';
import { isPromise } from './promise.ts';

/** What a thread gives to a server. */
export interface NodeHandlerOptions {
  readonly app: NodeKind;
  readonly settings: Settings;
  readonly accounts: Accounts;
  readonly forwarded: Forwarded;
  readonly log: ErrorLog;
  readonly accessLog: AccessLog | undefined;
  readonly quota: Quota | undefined;
  /** How clients come to the server's own listener. */
  readonly way: 'tcp' | 'unix';
}

const HEAD_TIMEOUT_MS = 60_000;
/** node:http limits a head as a whole only. */
const LARGEST_HEAD_BYTES = 1024 * 1024;
/**
 * A server for the application, not listening yet. One that the application brings keeps its
 * listeners and gets the pool's times and limits.
 */
export function nodeServer(options: NodeHandlerOptions): Server {
  const { app, settings, accounts, log } = options;
  const limits = requestLimits(settings);
  const server = app.server === undefined ? new Server() : plainServer(app.server);
  // Properties that the types of Node leave out. Framing that can be read in two ways is refused.
  Object.assign(server, { maxHeaderSize: headBytes(limits), insecureHTTPParser: false });
  server.keepAliveTimeout = settings.keepalive * 1000;
  server.keepAliveTimeoutBuffer = 0;
  server.headersTimeout = HEAD_TIMEOUT_MS;
  server.requestTimeout = 0; // A slow upload is no fault; `timeout` is about the worker.
  server.maxHeadersCount = 0; // node:http would drop what is beyond it; here it is refused.
  server.prependListener('connection', (socket: Socket) =>
    NodeConnection.add(socket, options.way, accounts),
  );
  if (server.listenerCount('clientError') === 0) {
    server.on('clientError', (error, socket) => answerBadRequest(error, socket, log));
  }
  const rules = { limits, forwarded: options.forwarded };
  const listeners = app.listener ? [app.listener] : takeListeners(server, 'request');
  server.on('request', dispatcher(options, rules, listeners));
  // Only where the application wants to know: node:http says "100 Continue" itself otherwise.
  for (const event of ['checkContinue', 'checkExpectation']) {
    const own = takeListeners(server, event);
    if (own.length > 0) server.on(event, dispatcher(options, rules, own));
  }
  takeUpgrades(server, rules, options);
  return server;
}

function headBytes({ lineBytes, fieldBytes, fields }: RequestLimits): number {
  return Math.min(lineBytes + fieldBytes * fields, LARGEST_HEAD_BYTES);
}

/** The listeners of the application, which are called by ours from now on. */
function takeListeners(server: Server, event: string): RequestListener[] {
  const own = server.listeners(event) as RequestListener[];
  server.removeAllListeners(event);
  // An app of Express has a `bind` of its own, for the method BIND.
  return own.map((one) => Function.prototype.bind.call(one, server));
}

/** Calls the application for a request that keeps the rules. */
function dispatcher(
  options: NodeHandlerOptions,
  rules: HeadRules,
  listeners: readonly RequestListener[],
): RequestListener {
  const { accounts, accessLog, forwarded, log, quota } = options;
  const mayKeepAlive = options.settings.keepalive > 0;
  return (request, response) => {
    const connection = NodeConnection.of(request.socket);
    const peer = connection?.peer ?? '';
    // RFC 9112 9.6: nothing is done for requests after the last answer.
    if (connection?.isLingering === true) return;
    connection?.begin(response);
    quota?.add();
    if (!mayKeepAlive || accounts.isDraining) response.shouldKeepAlive = false;
    const served = new ServedResponse(request, response, log);
    if (accessLog !== undefined) watchAccess(request, response, served, accessLog, forwarded);
    const refusal = judgeHead(request, peer, rules);
    if (refusal !== undefined) {
      complain(options, request, peer, refusal.message);
      response.shouldKeepAlive = false;
      sendPage(response, refusal.status);
    } else for (const listener of listeners) served.call(listener, request);
  };
}

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => unknown;

/** Puts the same rules before the listeners that take sockets over; they have no response to fail. */
function takeUpgrades(server: Server, rules: HeadRules, options: NodeHandlerOptions): void {
  // A listener of ours alone would keep node:http from treating the request as a usual one.
  const listeners = server.listeners('upgrade') as UpgradeListener[];
  if (listeners.length === 0) return;
  server.removeAllListeners('upgrade');
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const connection = NodeConnection.of(request.socket);
    options.quota?.add();
    const refusal = judgeHead(request, connection?.peer ?? '', rules);
    if (refusal !== undefined) {
      complain(options, request, connection?.peer ?? '', refusal.message);
      endWith(rawPage(refusal.status), socket, connection);
      return;
    }
    connection?.becomeTunnel();
    const fail = (error: unknown): void => {
      options.log.error(`Error handling request ${request.url}\n${showError(error)}`);
      socket.destroy();
    };
    catchListeners(socket, fail);
    for (const listener of listeners) {
      try {
        const result: unknown = Reflect.apply(listener, server, [request, socket, head]);
        if (isPromise(result)) result.then(undefined, fail);
      } catch (error) {
        fail(error);
      }
    }
  });
}

/** What a listener throws while the socket gives it bytes, or an `error` that has none, ends the socket. */
function catchListeners(socket: Duplex, fail: (error: unknown) => void): void {
  const { emit } = socket;
  socket.emit = (...args: Parameters<typeof emit>) => {
    try {
      return Reflect.apply(emit, socket, args) as boolean;
    } catch (error) {
      fail(error);
      return true;
    }
  };
}

function complain(
  { forwarded, log }: NodeHandlerOptions,
  request: IncomingMessage,
  peer: string,
  message: string,
): void {
  const told = request.headers['x-forwarded-for'];
  const client = forwarded.clientOf(peer, typeof told === 'string' ? told : undefined);
  log.warning(`Invalid request from ip=${client}: ${message}`);
}

const CLIENT_ERRORS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
};

/** What node:http cannot read. A head that never came in full gets no answer, as on http1/. */
function answerBadRequest(error: NodeJS.ErrnoException, socket: Duplex, log: ErrorLog): void {
  const code = error.code ?? '';
  const connection = socket instanceof Socket ? NodeConnection.of(socket) : undefined;
  if (connection?.isLingering === true && code.startsWith('HPE_')) return;
  if (!code.startsWith('HPE_') || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = CLIENT_ERRORS[code] ?? 400;
  log.warning(`Invalid request: ${error.message}`);
  endWith(rawPage(status), socket, connection);
}

/** A stream that the application made itself and gave to its server may have no such connection. */
function endWith(text: string, socket: Duplex, connection: NodeConnection | undefined): void {
  if (connection === undefined) socket.end(text);
  else connection.linger(text);
}

/** A response for a socket that node:http has no ServerResponse for. */
function rawPage(status: number): string {
  const page = errorPage(status);
  const head = [
    `HTTP/1.1 ${status} ${reasonOf(status)}`,
    `Content-Type: ${ERROR_PAGE_TYPE}`,
    `Content-Length: ${page.length}`,
    'Connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${page}`;
}
