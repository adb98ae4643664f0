/**
 * Runs an application that listens to node:http, on node:http. Its connections are counted with the
 * thread's others, so balance and draining work as on http1/.
 */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Accounts } from '../../http1/accounts.ts';
import type { AccessLog } from '../logging/access-log.ts';
import type { ErrorLog } from '../logging/error-log.ts';
import type { Settings } from '../settings/table.ts';
import type { Forwarded } from '../worker/forwarded.ts';
import { type RequestLimits, requestLimits } from '../worker/limits.ts';
import type { Quota } from '../worker/quota.ts';
import type { NodeKind } from './detect.ts';
import { ERROR_PAGE_TYPE, errorPage, reasonOf } from './error-page.ts';
import { watchAccess } from './node/access-record.ts';
import { NodeConnection } from './node/connection.ts';

/** What a thread gives to a server. */
export interface NodeHandlerOptions {
  readonly app: NodeKind;
  readonly settings: Settings;
  readonly accounts: Accounts;
  readonly forwarded: Forwarded;
  readonly log: ErrorLog;
  readonly accessLog: AccessLog | undefined;
  readonly quota: Quota | undefined;
}

const HEAD_TIMEOUT_MS = 60_000;
/** node:http limits a head as a whole only. */
const LARGEST_HEAD_BYTES = 1024 * 1024;
/** Method, version and blanks of a request line, as far as it is counted beside the target. */
const LINE_REST_BYTES = ' '.length + ' HTTP/1.1'.length;

/**
 * A server for the application, not listening yet. One that the application brings keeps its
 * listeners and gets the pool's times and limits.
 */
export function nodeServer(options: NodeHandlerOptions): Server {
  const { app, settings, accounts, log } = options;
  const limits = requestLimits(settings);
  const server = app.server ?? newServer(limits);
  server.keepAliveTimeout = settings.keepalive * 1000;
  server.keepAliveTimeoutBuffer = 0;
  server.headersTimeout = HEAD_TIMEOUT_MS;
  server.requestTimeout = 0; // A slow upload is no fault; `timeout` is about the worker.
  server.maxHeadersCount = 0; // node:http would drop what is beyond it; here it is refused.
  server.prependListener('connection', (socket: Socket) => NodeConnection.add(socket, accounts));
  // A listener of ours alone would keep node:http from treating the request as a usual one.
  if (server.listenerCount('upgrade') > 0) {
    server.prependListener('upgrade', (request: IncomingMessage) => {
      NodeConnection.of(request.socket)?.becomeTunnel();
    });
  }
  if (server.listenerCount('clientError') === 0) {
    server.on('clientError', (error, socket) => answerBadRequest(error, socket, log));
  }
  const listeners = takeListeners(server, app.listener);
  server.on('request', dispatcher(options, limits, listeners));
  return server;
}

function newServer(limits: RequestLimits): Server {
  const { lineBytes, fieldBytes, fields } = limits;
  const maxHeaderSize = Math.min(lineBytes + fieldBytes * fields, LARGEST_HEAD_BYTES);
  return createServer({ maxHeaderSize, noDelay: true });
}

/** The listeners of the application, which are called by ours from now on. */
function takeListeners(server: Server, listener: RequestListener | undefined): RequestListener[] {
  if (listener !== undefined) return [listener];
  const own = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  return own.map((one) => one.bind(server));
}

/** Calls the application for a request that keeps the limits. */
function dispatcher(
  options: NodeHandlerOptions,
  limits: RequestLimits,
  listeners: readonly RequestListener[],
): RequestListener {
  const { accounts, accessLog, forwarded, quota } = options;
  const mayKeepAlive = options.settings.keepalive > 0;
  const only = listeners.length === 1 ? listeners[0] : undefined;
  return (request, response) => {
    NodeConnection.of(request.socket)?.begin(response);
    quota?.add();
    if (!mayKeepAlive || accounts.isDraining) response.shouldKeepAlive = false;
    if (accessLog !== undefined) watchAccess(request, response, accessLog, forwarded);
    const status = statusOfExcess(request, limits);
    if (status !== 0) refuse(response, status);
    else if (only !== undefined) only.call(undefined as never, request, response);
    else for (const listener of listeners) listener(request, response);
  };
}

/** 414 or 431 for what is beyond a limit, else 0. */
function statusOfExcess(request: IncomingMessage, limits: RequestLimits): number {
  const method = request.method?.length ?? 0;
  const target = request.url?.length ?? 0;
  if (method + target + LINE_REST_BYTES > limits.lineBytes) return 414;
  const { rawHeaders } = request;
  if (rawHeaders.length > limits.fields * 2) return 431;
  for (let i = 1; i < rawHeaders.length; i += 2) {
    const length = rawHeaders[i - 1]!.length + rawHeaders[i]!.length;
    if (length + ': \r\n'.length > limits.fieldBytes) return 431;
  }
  return 0;
}

function refuse(response: ServerResponse, status: number): void {
  response.shouldKeepAlive = false;
  response.writeHead(status, { 'Content-Type': ERROR_PAGE_TYPE });
  response.end(errorPage(status));
}

const CLIENT_ERRORS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
};

/** What node:http cannot read. A head that never came in full gets no answer, as on http1/. */
function answerBadRequest(error: NodeJS.ErrnoException, socket: Duplex, log: ErrorLog): void {
  const code = error.code ?? '';
  if (!code.startsWith('HPE_') || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = CLIENT_ERRORS[code] ?? 400;
  log.warning(`Invalid request: ${error.message}`);
  const page = errorPage(status);
  const head = [
    `HTTP/1.1 ${status} ${reasonOf(status)}`,
    `Content-Type: ${ERROR_PAGE_TYPE}`,
    `Content-Length: ${page.length}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${page}`);
}
