/**
 * One request of an application that listens to node:http, while it is answered: what goes wrong in
 * it ends it alone.
 *
 * node:http trusts its listeners. What one throws in an event of a request or response would leave the
 * parser or the socket halfway, and content beyond what was announced would be the next response on
 * the connection, which may be another client's. So `emit`, `write` and `end` are ours.
 */
import type { AsyncResource } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isStatusWithoutContent } from '../../../wire/framing.ts';
import { ShortResponseError } from '../../errors.ts';
import type { ErrorLog } from '../../logging/error-log.ts';
import { showError } from '../../logging/show-error.ts';
import { goOnFor, isRunningFor, runFor, type Served, threwPast } from '../../worker/uncaught.ts';
import { isPromise } from '../promise.ts';
import { failResponse } from './failure.ts';

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;
type Emit = (event: string | symbol, ...values: unknown[]) => boolean;

const SERVED = Symbol('served');
/** Not the emitter's own: an application may have taken its prototype. */
const { listenerCount } = EventEmitter.prototype;

interface Guarded extends EventEmitter {
  [SERVED]?: ServedResponse;
}

/** What node:http does not document: where it is gone, lengths are not held to. */
type GuardedResponse = ServerResponse & {
  [SERVED]?: ServedResponse;
  readonly _contentLength?: number | null;
  readonly _hasBody?: boolean;
};

/** A response while the application makes it. */
export class ServedResponse implements Served {
  /** As it came: frameworks rewrite it. */
  readonly target: string;
  /** Bytes of content that the application gave, as far as they fit. */
  contentBytes = 0;
  context: AsyncResource | undefined = undefined;
  readonly #response: ServerResponse;
  readonly #socket: Socket;
  readonly #log: ErrorLog;

  /** Stands between both and the application from now on. */
  constructor(request: IncomingMessage, response: ServerResponse, log: ErrorLog) {
    this.target = request.url ?? '';
    this.#response = response;
    this.#socket = request.socket;
    this.#log = log;
    guard(request, this);
    guard(response, this);
    response.write = write as typeof response.write;
    response.end = end as typeof response.end;
    response.destroy = destroy;
    // `write after end` and its like are told to the response, where they would be uncaught.
    response.on('error', this.failed);
  }

  /**
   * Calls a listener. What it throws, at once or by a promise it returns, goes to the log; the client
   * is told 500 where no head was sent, else the connection is cut: a broken response never looks whole.
   */
  call(listener: Listener, request: IncomingMessage): void {
    try {
      goOnFor(this);
      const result = listener(request, this.#response);
      if (isPromise(result)) result.then(undefined, this.failed);
    } catch (error) {
      this.failed(error);
    }
  }

  readonly failed = (error: unknown): void => {
    // Who failed because the client left has nothing to report.
    if (this.#response.destroyed && !this.#response.writableFinished) return;
    this.#log.error(`Error handling request ${this.target}\n${showError(error)}`);
    failResponse(this.#response, this.#socket);
  };

  /** The application cuts its answer off (as `pipeline` does where a source fails) and says why. */
  cutOff(reason: Error): void {
    // node:http does the same to what is under way where the client left.
    if (this.#socket.destroyed) return;
    this.#log.error(`Error handling request ${this.target}\n${showError(reason)}`);
  }

  endUncaught(): void {
    if (!this.#response.destroyed) failResponse(this.#response, this.#socket);
  }
}

function guard(emitter: Guarded, served: ServedResponse): void {
  emitter[SERVED] = served;
  emitter.emit = emit;
}

/** What listeners throw, and what they start, belongs to their request. */
function emit(this: Guarded, event: string | symbol, ...values: unknown[]): boolean {
  const served = this[SERVED];
  const own = prototypeOf(this)?.emit ?? EventEmitter.prototype.emit;
  if (served === undefined) return own.call(this, event, ...values);
  try {
    if (listenerCount.call(this, event) === 0 || isRunningFor(served)) {
      return own.call(this, event, ...values);
    }
    return runFor(served, emitOn, this, own as Emit, event, values);
  } catch (error) {
    threwPast(served, error);
    return true;
  }
}

function emitOn(emitter: Guarded, own: Emit, event: string | symbol, values: unknown[]): boolean {
  return own.call(emitter, event, ...values);
}

/** The methods that ours stand before. Looked up each time: Express changes the prototype. */
function prototypeOf<T extends object>(value: T): T | null {
  return Object.getPrototypeOf(value) as T | null;
}

type Write = (chunk?: unknown, encoding?: unknown, callback?: unknown) => boolean;
type End = (chunk?: unknown, encoding?: unknown, callback?: unknown) => ServerResponse;

/** Never more than was announced, as Gunicorn: the rest would be read as the next response. */
function write(
  this: GuardedResponse,
  chunk?: unknown,
  encoding?: unknown,
  callback?: unknown,
): boolean {
  const served = this[SERVED];
  const own = methodsOf(this).write as Write;
  if (served === undefined || this.writableEnded) return own.call(this, chunk, encoding, callback);
  const fit = fitting(this, served, chunk, encoding);
  return own.call(this, fit, guarded(served, encoding), guarded(served, callback));
}

/** Nor less: who waits for the rest would take the next response for it. */
function end(
  this: GuardedResponse,
  chunk?: unknown,
  encoding?: unknown,
  callback?: unknown,
): ServerResponse {
  const served = this[SERVED];
  const own = methodsOf(this).end as End;
  if (served === undefined || this.writableEnded) return own.call(this, chunk, encoding, callback);
  const announced = announcedBytes(this);
  if (announced >= 0) {
    const length = served.contentBytes + lengthOf(chunk, encoding);
    if (length < announced) {
      served.failed(new ShortResponseError(length, announced));
      return this;
    }
  }
  // Node 24 sends what was corked after the last chunk, where the next response should begin.
  for (let corked = this.writableCorked; corked > 0; corked--) this.uncork();
  const fit = fitting(this, served, guarded(served, chunk), encoding);
  return own.call(this, fit, guarded(served, encoding), guarded(served, callback));
}

/** The callback, in whatever place it is given, is called like a listener; any other value as it is. */
function guarded(served: ServedResponse, value: unknown): unknown {
  if (typeof value !== 'function') return value;
  const callback = value as (...values: unknown[]) => unknown;
  return (...values: unknown[]): void => {
    try {
      runFor(served, callback, ...values);
    } catch (error) {
      threwPast(served, error);
    }
  };
}

function destroy(this: GuardedResponse, reason?: Error): ServerResponse {
  if (reason && !this.destroyed && !this.writableFinished) this[SERVED]?.cutOff(reason);
  return methodsOf(this).destroy.call(this, reason) as ServerResponse;
}

function methodsOf(response: ServerResponse): ServerResponse {
  return prototypeOf(response) ?? ServerResponse.prototype;
}

/** As much of `chunk` as was announced and not given yet. */
function fitting(
  response: GuardedResponse,
  served: ServedResponse,
  chunk: unknown,
  encoding: unknown,
): unknown {
  const length = lengthOf(chunk, encoding);
  if (length === 0) return chunk;
  const announced = announcedBytes(response);
  const room = announced - served.contentBytes;
  if (announced < 0 || length <= room) {
    served.contentBytes += length;
    return chunk;
  }
  served.contentBytes = announced;
  const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encodingOf(encoding)) : chunk;
  return bytes instanceof Uint8Array ? bytes.subarray(0, room) : bytes;
}

/** Bytes of content that the response says it has; -1 where it does not say, or has no content. */
function announcedBytes(response: GuardedResponse): number {
  if (response._hasBody !== true) return -1;
  if (response.headersSent) {
    const { _contentLength: length } = response;
    if (response.chunkedEncoding || typeof length !== 'number') return -1;
    return length >= 0 ? length : -1;
  }
  if (isStatusWithoutContent(response.statusCode)) return -1;
  const told = response.getHeader('content-length');
  if (told === undefined || response.hasHeader('transfer-encoding')) return -1;
  const length = Number(told);
  return Number.isSafeInteger(length) && length >= 0 ? length : -1;
}

function lengthOf(chunk: unknown, encoding: unknown): number {
  if (typeof chunk === 'string') return Buffer.byteLength(chunk, encodingOf(encoding));
  return chunk instanceof Uint8Array ? chunk.byteLength : 0;
}

function encodingOf(encoding: unknown): BufferEncoding {
  return typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8';
}
