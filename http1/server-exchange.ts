/** One request on a server connection and the response to it: framing and order of what is sent. */

import { CHUNK_END, chunkHead, LAST_CHUNK } from '../wire/chunked.ts';
import type {
  ConnectionFacts,
  ConnectionTimes,
  ContentSink,
  Exchange,
  ExchangeOwner,
  RequestHead,
  Tunnel,
  TunnelSink,
} from '../wire/exchange.ts';
import { isStatusWithoutContent } from '../wire/framing.ts';
import type { Outbox } from './outbox.ts';
import type { RequestContent } from './request-content.ts';

/** What an exchange needs of its connection. */
export interface ExchangeConnection {
  readonly facts: ConnectionFacts;
  readonly outbox: Outbox;
  /** Whether another request may follow on the connection, this exchange aside. */
  mayKeepAlive(exchange: ServerExchange): boolean;
  readContent(exchange: ServerExchange, sink: ContentSink, limit: number): void;
  discardContent(exchange: ServerExchange, isContinueDue: boolean): boolean;
  contentResumed(exchange: ServerExchange): void;
  responseEnded(exchange: ServerExchange): void;
  abort(exchange: ServerExchange): void;
  upgrade(exchange: ServerExchange, sink: TunnelSink): Tunnel;
}

const NONE = 0;
const COUNTED = 1;
const CHUNKED = 2;
const TO_THE_CLOSE = 3;

/** See `Exchange`. Calls after its end are ignored, so a late owner harms no later request. */
export class ServerExchange implements Exchange {
  readonly head: RequestHead;
  readonly requestNumber: number;
  readonly isPipelined: boolean;
  readonly startedAt: number;
  owner: ExchangeOwner | undefined = undefined;
  times: ConnectionTimes;
  keepAlive: boolean;
  isHeadSent = false;
  bytesSent = 0;
  headBytesSent = 0;
  contentBytesSent = 0;
  /** Bytes received by the tunnel it became. */
  tunnelBytes = 0;
  /** Request content; `undefined` where the request has none. */
  readonly content: RequestContent | undefined;
  /** Whether the response is complete, the connection lost or given away. */
  isOver = false;
  /** Whether the connection became a tunnel, which `abort` still closes. */
  isUpgraded = false;
  /** Whether a writer was told to wait for `drained`. */
  isDrainAwaited = false;
  /** The exchange before it, while both wait for the kernel to take their responses. */
  nextUnsent: ServerExchange | undefined = undefined;
  readonly #connection: ExchangeConnection;
  #framing = NONE;
  /** Content bytes still announced. */
  #remaining = 0;

  constructor(
    connection: ExchangeConnection,
    head: RequestHead,
    content: RequestContent | undefined,
    times: ConnectionTimes,
    requestNumber: number,
    startedAt: number,
    isPipelined: boolean,
  ) {
    this.#connection = connection;
    this.head = head;
    this.content = content;
    this.times = times;
    this.requestNumber = requestNumber;
    this.startedAt = startedAt;
    this.isPipelined = isPipelined;
    this.keepAlive = head.keepAlive;
  }

  get connection(): ConnectionFacts {
    return this.#connection.facts;
  }

  get bytesReceived(): number {
    return this.head.length + (this.content?.usedBytes ?? 0) + this.tunnelBytes;
  }

  get hasContent(): boolean {
    return this.content !== undefined;
  }

  /** Whether a response cut off by closing would look complete to the client. */
  get isDelimitedByClose(): boolean {
    return this.isHeadSent && this.#framing === TO_THE_CLOSE;
  }

  readContent(sink: ContentSink, limit: number): void {
    this.#connection.readContent(this, sink, limit);
  }

  discardContent(isContinueDue: boolean): boolean {
    return this.#connection.discardContent(this, isContinueDue);
  }

  pauseContent(): void {
    this.content?.pause();
  }

  resumeContent(): void {
    const { content } = this;
    if (content === undefined || this.isOver) return;
    content.resume();
    this.#connection.contentResumed(this);
  }

  writeInformational(status: number, reason: string, lines: string): void {
    // RFC 9110 15.2: not to an HTTP/1.0 client.
    if (this.head.version < 11 || this.isHeadSent || this.isOver) return;
    this.#send(`HTTP/1.1 ${status} ${reason}\r\n${lines}\r\n`);
  }

  writeHead(status: number, reason: string, lines: string, contentLength: number): void {
    if (this.isOver) return;
    if (this.isHeadSent) throw new Error('the response head was written already');
    this.isHeadSent = true;
    const hasNoContent = this.head.method === 'HEAD' || isStatusWithoutContent(status);
    const framing = this.#chooseFraming(hasNoContent, contentLength);
    this.#framing = framing;
    this.#remaining = contentLength;
    if (framing === TO_THE_CLOSE || !this.#connection.mayKeepAlive(this)) this.keepAlive = false;
    this.#connection.outbox.sendTimeoutMs = this.times.sendTimeoutMs;
    if (this.head.version === 9) return;
    let text =
      status === 200 && reason === 'OK'
        ? `HTTP/1.1 200 OK\r\n${lines}`
        : `HTTP/1.1 ${status} ${reason}\r\n${lines}`;
    // RFC 9112 6.1 and 6.2: neither field where the status has no content; 304 and HEAD may tell.
    if (framing === CHUNKED) text += 'Transfer-Encoding: chunked\r\n';
    else if (contentLength >= 0 && status >= 200 && status !== 204) {
      text += `Content-Length: ${contentLength}\r\n`;
    }
    this.#sendHead(text + this.#connectionLines());
  }

  #chooseFraming(hasNoContent: boolean, contentLength: number): number {
    if (hasNoContent) return NONE;
    if (contentLength >= 0) return COUNTED;
    return this.head.version < 11 ? TO_THE_CLOSE : CHUNKED;
  }

  #connectionLines(): string {
    if (!this.keepAlive) return 'Connection: close\r\n\r\n';
    const { keepaliveHeaderSeconds } = this.times;
    return keepaliveHeaderSeconds > 0
      ? `Connection: keep-alive\r\nKeep-Alive: timeout=${keepaliveHeaderSeconds}\r\n\r\n`
      : 'Connection: keep-alive\r\n\r\n';
  }

  #sendHead(text: string): void {
    this.headBytesSent = text.length;
    this.#send(text);
  }

  #send(text: string): void {
    this.bytesSent += text.length;
    this.#connection.outbox.addText(text);
  }

  write(chunk: Uint8Array | string): boolean {
    if (this.isOver) return false;
    if (!this.isHeadSent) throw new Error('content was written before the response head');
    const { length } = chunk;
    if (length === 0 || this.#framing === NONE) return true;
    if (this.#framing === COUNTED) this.#writeCounted(chunk);
    else if (this.#framing === CHUNKED) {
      this.#send(chunkHead(length));
      this.#sendContent(chunk);
      this.#send(CHUNK_END);
    } else this.#sendContent(chunk);
    // A failed write may have ended the exchange.
    if (this.isOver) return false;
    if (!this.#connection.outbox.isFull) return true;
    this.isDrainAwaited = true;
    return false;
  }

  /** Never more than was announced: what exceeds it would be read as the next response. */
  #writeCounted(chunk: Uint8Array | string): void {
    const remaining = this.#remaining;
    if (chunk.length <= remaining) {
      this.#remaining = remaining - chunk.length;
      this.#sendContent(chunk);
      return;
    }
    this.#remaining = 0;
    if (remaining === 0) return;
    this.#sendContent(
      typeof chunk === 'string' ? chunk.substring(0, remaining) : chunk.subarray(0, remaining),
    );
  }

  #sendContent(chunk: Uint8Array | string): void {
    const { length } = chunk;
    this.bytesSent += length;
    this.contentBytesSent += length;
    if (typeof chunk === 'string') this.#connection.outbox.addText(chunk);
    else this.#connection.outbox.addBytes(chunk);
  }

  /** Nothing to do: what was written leaves with the turn. */
  flush(): void {}

  end(chunk?: Uint8Array | string, trailers?: string): void {
    if (this.isOver) return;
    if (chunk !== undefined) this.write(chunk);
    else if (!this.isHeadSent) throw new Error('the response ended before its head');
    if (this.isOver) return;
    if (this.#framing === COUNTED && this.#remaining > 0) {
      this.abort();
      return;
    }
    if (this.#framing === CHUNKED) {
      this.#send(trailers === undefined ? LAST_CHUNK : `0\r\n${trailers}\r\n`);
    }
    this.isOver = true;
    this.#connection.responseEnded(this);
  }

  abort(): void {
    if (!this.isOver || this.isUpgraded) this.#connection.abort(this);
  }

  upgrade(status: number, reason: string, lines: string, sink: TunnelSink): Tunnel {
    if (this.isHeadSent || this.isOver) throw new Error('an upgrade came after the response head');
    this.isHeadSent = true;
    // RFC 9110 7.8: Upgrade is named by Connection; a 2xx to CONNECT has no such fields.
    const connection = status === 101 ? 'Connection: upgrade\r\n' : '';
    this.#connection.outbox.sendTimeoutMs = this.times.sendTimeoutMs;
    this.#sendHead(`HTTP/1.1 ${status} ${reason}\r\n${lines}${connection}\r\n`);
    this.isOver = true;
    this.isUpgraded = true;
    return this.#connection.upgrade(this, sink);
  }
}

/** Turns the list around, so that responses finish in the order they were written. */
export function earliestFirst(latest: ServerExchange): ServerExchange {
  let first = latest;
  let rest = latest.nextUnsent;
  latest.nextUnsent = undefined;
  while (rest !== undefined) {
    const next = rest.nextUnsent;
    rest.nextUnsent = first;
    first = rest;
    rest = next;
  }
  return first;
}
