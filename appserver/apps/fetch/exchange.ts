/** One request that an application answers with a Response, or by taking the connection over. */
import type { AsyncResource } from 'node:async_hooks';
import { inspect } from 'node:util';
import { threadClock } from '../../../http1/clock.ts';
import type { Exchange, ExchangeOwner } from '../../../wire/exchange.ts';
import { isStatusWithoutContent } from '../../../wire/framing.ts';
import { RequestContentError, UpgradeError } from '../../errors.ts';
import type { Gateway, UpgradeOffer } from '../../gateway.ts';
import type { AccessLog } from '../../logging/access-log.ts';
import type { ErrorLog } from '../../logging/error-log.ts';
import { showError } from '../../logging/show-error.ts';
import type { Quota } from '../../worker/quota.ts';
import { goOnFor, runFor, type Served } from '../../worker/uncaught.ts';
import { ERROR_PAGE_TYPE, errorPage, reasonOf } from '../error-page.ts';
import type { GatewayBase } from '../gateway-base.ts';
import { isPromise } from '../promise.ts';
import { FetchAccessRecord } from './access-record.ts';
import { RequestGateway, type Upgradable } from './gateway.ts';
import { unprepared } from './prepared.ts';
import { appRequest, closeRequest } from './request.ts';
import { fieldsOf, reasonPhraseOf, simpleBodyOf, streamLengthOf } from './response.ts';
import { StreamPump } from './stream-pump.ts';
import { asksForUpgrade, Takeover, type TakeoverOwner } from './takeover.ts';

/** An application's `fetch`, bound to its object. */
export type FetchCall = (request: Request, gateway: Gateway, context: Gateway) => unknown;

/** What a thread gives to every request. */
export interface FetchHandlerOptions extends GatewayBase {
  readonly fetch: FetchCall;
  readonly log: ErrorLog;
  readonly accessLog: AccessLog | undefined;
  readonly quota: Quota | undefined;
}

const CONTENT_STATUS = { closed: 400, malformed: 400, 'too-large': 413, timeout: 408 } as const;

/** One request, from the call of the application to the end of the response. */
export class FetchExchange implements ExchangeOwner, Upgradable, TakeoverOwner, Served {
  context: AsyncResource | undefined = undefined;
  readonly #options: FetchHandlerOptions;
  readonly #exchange: Exchange;
  readonly #scheme: 'http' | 'https';
  readonly #startedAt: number;
  #request: Request | undefined = undefined;
  #pump: StreamPump | undefined = undefined;
  #takeover: Takeover | undefined = undefined;
  #status = 0;
  #fields: readonly string[] = NO_FIELDS;
  /** Bytes of content that the head announces; -1 where it does not. */
  #announced = -1;
  #isOver = false;

  constructor(options: FetchHandlerOptions, exchange: Exchange, scheme: 'http' | 'https') {
    this.#options = options;
    this.#exchange = exchange;
    this.#scheme = scheme;
    this.#startedAt = options.accessLog === undefined ? 0 : performance.now();
  }

  /** Calls the application. */
  run(url: string, scheme: 'http' | 'https'): void {
    const gateway = new RequestGateway(this.#options, this.#exchange, scheme, this);
    const request = appRequest(this.#exchange, url, gateway);
    this.#request = request;
    try {
      goOnFor(this);
      const result = this.#options.fetch(request, gateway, gateway);
      if (isPromise(result)) {
        result.then(
          (response) => this.#respond(response),
          (error: unknown) => this.#fail(error),
        );
      } else this.#respond(result);
    } catch (error) {
      this.#fail(error);
    }
  }

  get target(): string {
    return this.#exchange.head.target;
  }

  upgrade(): UpgradeOffer | undefined {
    if (this.#takeover !== undefined) {
      throw new UpgradeError('ERR_UPGRADE_TAKEN', 'the connection was taken over before');
    }
    if (this.#exchange.isHeadSent) {
      throw new UpgradeError('ERR_UPGRADE_LATE', 'the response has begun');
    }
    if (this.#isOver || !asksForUpgrade(this.#exchange)) return undefined;
    this.#takeover = new Takeover(this.#exchange, this);
    return this.#takeover.offer;
  }

  #respond(response: unknown): void {
    try {
      if (this.#isOver || this.#takeover !== undefined) {
        if (isResponse(response)) cancelBody(response, GONE);
        this.#takeover?.awaitHead();
        return;
      }
      if (!isResponse(response)) {
        throw new TypeError(
          `the application returned ${inspect(response, { depth: 0 })}, expected a Response`,
        );
      }
      this.#send(response);
    } catch (error) {
      this.#fail(error);
    }
  }

  #send(given: Response): void {
    const exchange = this.#exchange;
    const response = unprepared(given);
    const fields = fieldsOf(response);
    const { status } = response;
    if (!(Number.isInteger(status) && status >= 200 && status <= 599)) {
      throw new RangeError(`the application returned a Response of status ${status}`);
    }
    const simple = simpleBodyOf(response);
    const stream = simple === undefined ? readableBody(response) : simple;
    const length = simple === undefined ? streamLengthOf(response) : undefined;
    if (stream === null || typeof stream === 'string' || stream instanceof Uint8Array) {
      exchange.end(this.#announce(status, reasonPhraseOf(response), fields, stream, length));
      return;
    }
    // Before the head: a body that cannot be read is a 500.
    const pump = new StreamPump(stream, exchange, (error) => this.#fail(error));
    this.#announce(status, reasonPhraseOf(response), fields, stream, length);
    if (exchange.head.method === 'HEAD') {
      runFor(this, pump.cancel, undefined); // Nobody reads it; its owner is told.
      exchange.end();
    } else {
      pump.announced = isStatusWithoutContent(status) ? -1 : this.#announced;
      this.#pump = pump;
      runFor(this, pump.read);
    }
  }

  /** Writes the head; answers the content to end with, where it is at hand. */
  #announce(
    status: number,
    statusText: string,
    fields: readonly string[],
    body: string | Uint8Array | ReadableStream | null,
    streamLength: number | undefined,
  ): string | Uint8Array | undefined {
    let length = streamLength;
    let content: string | Uint8Array | undefined;
    if (typeof body === 'string') {
      // A string is latin1 on the wire: only ASCII is the same in UTF-8.
      content = Buffer.byteLength(body) === body.length ? body : Buffer.from(body);
      length = content.length;
    } else if (body instanceof Uint8Array) {
      content = body;
      length = body.length;
    } else if (body === null && !(this.#exchange.head.method === 'HEAD' || status === 304)) {
      length = 0;
    }
    this.#writeHead(status, statusText, fields, length);
    return content;
  }

  /** `length` in bytes; `undefined` where the fields may tell it. */
  #writeHead(
    status: number,
    statusText: string,
    fields: readonly string[],
    length: number | undefined,
  ): void {
    let lines = '';
    let date = `Date: ${threadClock.date}\r\n`;
    let told = -1;
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i]!;
      const value = fields[i + 1]!;
      if (name === 'content-length') told = readLength(value);
      else if (!FRAMING.has(name)) {
        if (name === 'date') date = '';
        lines += `${name}: ${value}\r\n`;
      } else if (name === 'upgrade' && status === 426) {
        // RFC 9110 15.5.22 wants it there, and 7.8 Connection to name it; the engine adds its own.
        lines += `upgrade: ${value}\r\nConnection: upgrade\r\n`;
      }
    }
    this.#status = status;
    this.#fields = fields;
    this.#announced = length ?? told;
    const reason = statusText || reasonOf(status);
    this.#exchange.writeHead(status, reason, lines + date, this.#announced);
  }

  switched(fields: readonly string[]): void {
    this.#status = 101;
    this.#fields = fields;
  }

  refused(status: number, reason: string, fields: readonly string[]): void {
    this.#writeHead(status, reason, fields, undefined);
  }

  failed(error: Error): void {
    this.#fail(error);
  }

  /** Answers for a request that no application may see. */
  refuse(status: number, message: string): void {
    const { log, forwarded } = this.#options;
    const peer = this.#exchange.connection.remoteAddress;
    const client = forwarded.clientOf(peer, this.#exchange.head.xForwardedFor);
    log.warning(`Invalid request from ip=${client}: ${message}`);
    this.#sendPage(status);
  }

  /** Promises call this as well, where nothing catches what the error itself may throw. */
  #fail(error: unknown): void {
    try {
      this.#failWith(error);
    } catch {
      this.threw(error);
    }
  }

  #failWith(error: unknown): void {
    // Who aborted because the client left has nothing to report.
    if (this.#isOver) return;
    const content = error instanceof RequestContentError ? error : undefined;
    if (content === undefined || content.problem === 'too-large') {
      this.#logError(error);
    }
    this.#end(content === undefined ? 500 : CONTENT_STATUS[content.problem]);
  }

  #logError(error: unknown): void {
    this.#options.log.error(`Error handling request ${this.target}\n${showError(error)}`);
  }

  /** The page where no head was sent; else the connection is cut. */
  #end(status: number): void {
    if (this.#exchange.isHeadSent) this.#exchange.abort();
    else this.#sendPage(status);
    this.#takeover?.socket.destroy();
  }

  /** What goes wrong past the application, in our own code that serves it, ends its request too. */
  threw(error: unknown): void {
    this.#logError(error);
    if (!this.#isOver) this.#end(500);
  }

  endUncaught(): void {
    if (!this.#isOver) this.#end(500);
  }

  #sendPage(status: number): void {
    if (status !== 500) this.#exchange.keepAlive = false;
    const content = this.#announce(
      status,
      '',
      ['content-type', ERROR_PAGE_TYPE],
      errorPage(status),
      undefined,
    );
    this.#exchange.end(content);
  }

  drained(): void {
    if (this.#pump !== undefined) runFor(this, this.#pump.read);
    if (this.#takeover !== undefined) runFor(this, this.#takeover.socket.sink.drained);
  }

  finished(): void {
    this.#isOver = true;
    if (this.#request !== undefined) closeRequest(this.#request, undefined);
    if (this.#takeover !== undefined) runFor(this, this.#takeover.socket.sink.closed);
    this.#logAccess();
  }

  /** A front that gave the request up sends FIN and reads no more. */
  inputEnded(): void {
    this.#exchange.abort();
  }

  aborted(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // Listeners of the signal and the stream's cancel() are the application's.
    if (this.#request !== undefined) runFor(this, closeRequest, this.#request, GONE);
    if (this.#pump !== undefined) runFor(this, this.#pump.cancel, GONE);
    if (this.#takeover !== undefined) runFor(this, this.#takeover.socket.sink.closed);
    this.#logAccess();
  }

  #logAccess(): void {
    const { accessLog, forwarded } = this.#options;
    if (accessLog === undefined) return;
    accessLog.add(
      new FetchAccessRecord(
        this.#exchange,
        forwarded,
        this.#scheme,
        this.#status,
        this.#fields,
        Math.round((performance.now() - this.#startedAt) * 1000),
      ),
    );
  }
}

const NO_FIELDS: readonly string[] = [];
/** Fields the engine writes itself, or that belong to one connection (RFC 9110 7.6.1). */
const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);
/** Reason of `request.signal` and of a body's `cancel`. */
const GONE = new DOMException('The client closed the connection', 'AbortError');

/** A Response of ours, of Node's, or of a package that makes its own. */
function isResponse(value: unknown): value is Response {
  if (value instanceof Response) return true;
  if (typeof value !== 'object' || value === null) return false;
  return 'status' in value && typeof value.status === 'number' && 'headers' in value;
}

function readableBody(response: Response): ReadableStream | null {
  if (response.bodyUsed || response.body?.locked) {
    throw new TypeError('the body of the Response has already been read');
  }
  return response.body;
}

function cancelBody(response: Response, reason: unknown): void {
  const body = simpleBodyOf(response);
  const stream = body === undefined ? response.body : body;
  if (stream instanceof ReadableStream && !stream.locked) stream.cancel(reason).catch(() => {});
}

function readLength(value: string): number {
  return /^\d{1,15}$/.test(value) ? Number(value) : -1;
}
