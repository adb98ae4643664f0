/**
 * One connection to a peer: sends a request, reads the response as it comes, and says how it went.
 * It never tries again by itself.
 *
 * ```
 *   CONNECTING ──> BUSY ──response complete──> IDLE (kept by its pool) ──start──> BUSY ...
 *                   │ 101                        │ peer closed or spoke
 *                   └──> TUNNEL                  └──> CLOSED
 * ```
 */
import type { Socket } from 'node:net';
import { CHUNK_END, chunkHead, LAST_CHUNK } from '../wire/chunked.ts';
import type { ResponseHead, Tunnel, TunnelSink } from '../wire/exchange.ts';
import {
  mayHaveStrayContent,
  responseFraming,
  TUNNEL as TUNNEL_FRAMING,
  UNTIL_CLOSE,
} from '../wire/framing.ts';
import { type HeadLimits, HeadProblem, readResponseHead } from '../wire/head.ts';
import { decodeEnd, latin1 } from './bytes.ts';
import { ContentReader } from './content.ts';
import { reportFault } from './fault.ts';
import { HeldBytes } from './held-bytes.ts';
import { Outbox, type OutboxUser } from './outbox.ts';
import type { ClientFailureKind, ClientTimes, ResponseSink, TunnelOffer } from './response-sink.ts';
import { changeUser, connectSocket, type SocketAddress, type SocketUser } from './socket.ts';
import { Timeout, type Timers } from './timers.ts';
import { SocketTunnel, type TunnelOwner } from './tunnel.ts';

const CONNECTING = 0;
const IDLE = 1;
/** A request is under way; its response head is awaited. */
const HEAD = 2;
/** The content of the response is being read. */
const CONTENT = 3;
const TUNNEL = 4;
const CLOSED = 5;

/** A peer that sends 1xx without end is faulty. */
const MOST_INFORMATIONAL = 100;

/** Who keeps connections between requests. */
export interface ConnectionKeeper {
  /** Offers a connection that could be used again; returns whether it is kept. */
  keep(connection: ClientConnection): boolean;
  /** The connection is gone; it was idle where `isIdle`. */
  lost(connection: ClientConnection, isIdle: boolean): void;
}

export interface ClientConnectionOptions {
  readonly address: SocketAddress;
  readonly headLimits: HeadLimits;
  readonly connectTimeoutMs: number;
  readonly timers: Timers;
  readonly isPlain: boolean;
}

/** See the top of the file; made by a `ClientPool`. */
export class ClientConnection
  extends Timeout
  implements SocketUser, OutboxUser, TunnelOffer, TunnelOwner
{
  /** How many requests were started on it. */
  requestCount = 0;
  /** Monotonic milliseconds when it was opened. */
  readonly openedAt: number;
  /** When the connection was established, monotonic milliseconds; 0 while it is not. */
  connectedAt = 0;
  /** @internal neighbours in the pool. */ idlePrevious: ClientConnection | undefined = undefined;
  /** @internal */ idleNext: ClientConnection | undefined = undefined;
  readonly keeper: ConnectionKeeper;
  readonly #socket: Socket;
  readonly #outbox: Outbox;
  readonly #options: ClientConnectionOptions;
  readonly #content = new ContentReader();
  #sink: ResponseSink | undefined = undefined;
  /** Whose request it is, even where the sink has given up. */
  #asker: ResponseSink | undefined = undefined;
  #state = CONNECTING;
  #method = '';
  #readTimeoutMs = 0;
  /** Request content still announced; -1 where it is chunked. */
  #remaining = 0;
  #isRequestSent = false;
  #isDrainAwaited = false;
  #hasHead = false;
  #mayKeep = false;
  #headText = '';
  #informationalCount = 0;
  #held: HeldBytes | undefined = undefined;
  #isPaused = false;
  #isConsuming = false;
  #isPeerEnded = false;
  #bytesSentBefore = 0;
  #tunnel: SocketTunnel | undefined = undefined;
  /** Bytes of this response, heads and framing included. */
  bytesReceived = 0;

  constructor(keeper: ConnectionKeeper, options: ClientConnectionOptions) {
    super();
    const { timers, address, isPlain, connectTimeoutMs } = options;
    this.keeper = keeper;
    this.#options = options;
    this.openedAt = timers.clock.monotonic;
    this.#socket = connectSocket(address, () => this.#socketConnected(), isPlain);
    this.#outbox = new Outbox(this.#socket, this, timers);
    this.#outbox.hold();
    changeUser(this.#socket, this);
    if (connectTimeoutMs > 0) timers.arm(this, connectTimeoutMs);
  }

  /** Whether it carried a request before the present one. */
  get isReused(): boolean {
    return this.requestCount > 1;
  }

  /** Whether it is established. */
  get isConnected(): boolean {
    return this.connectedAt !== 0;
  }

  /** Bytes written for the present request. */
  get bytesSent(): number {
    return this.#outbox.writtenBytes - this.#bytesSentBefore;
  }

  #socketConnected(): void {
    try {
      this.#connected();
    } catch (error) {
      this.threw(error);
    }
  }

  #connected(): void {
    if (this.#state === CLOSED) return;
    const { timers } = this.#options;
    timers.clock.refresh();
    timers.disarm(this);
    this.connectedAt = timers.clock.monotonic;
    if (this.#state === CONNECTING) {
      this.#state = HEAD;
      this.#armRead();
    }
    this.#sink?.connected?.();
    this.#outbox.release();
  }

  // The request.

  /**
   * Sends a request head; everything about the response goes to `sink`, never within this call.
   *
   * @param method of the request, which decides how the response is framed
   * @param head the complete head in latin1, with its framing and connection fields and empty line
   * @param contentLength bytes that will be written; 0 for none; -1 where `head` says chunked
   */
  start(
    sink: ResponseSink,
    method: string,
    head: string,
    contentLength: number,
    times: ClientTimes,
  ): void {
    this.requestCount++;
    this.#sink = sink;
    this.#asker = sink;
    this.#method = method;
    this.#remaining = contentLength;
    this.#isRequestSent = contentLength === 0;
    this.#isDrainAwaited = false;
    this.#hasHead = false;
    this.#informationalCount = 0;
    this.#readTimeoutMs = times.readTimeoutMs;
    this.#bytesSentBefore = this.#outbox.writtenBytes;
    this.bytesReceived = 0;
    this.#outbox.sendTimeoutMs = times.sendTimeoutMs;
    if (this.#state === IDLE) {
      this.#state = HEAD;
      this.#armRead();
    }
    this.#outbox.addText(head);
  }

  /** Writes request content; takes ownership. False asks to wait for `drained`. */
  write(chunk: Uint8Array | string): boolean {
    if (this.#sink === undefined || this.#isRequestSent) return true;
    const { length } = chunk;
    if (length === 0) return true;
    if (this.#remaining < 0) {
      this.#outbox.addText(chunkHead(length));
      this.#add(chunk);
      this.#outbox.addText(CHUNK_END);
    } else if (length > this.#remaining) {
      throw new Error('more request content was written than announced');
    } else {
      this.#remaining -= length;
      this.#add(chunk);
    }
    if (!this.#outbox.isFull) return true;
    this.#isDrainAwaited = true;
    return false;
  }

  #add(chunk: Uint8Array | string): void {
    if (typeof chunk === 'string') this.#outbox.addText(chunk);
    else this.#outbox.addBytes(chunk);
  }

  /** Completes the request content. Content that falls short closes the connection. */
  end(chunk?: Uint8Array | string): void {
    if (this.#sink === undefined || this.#isRequestSent) return;
    if (chunk !== undefined) this.write(chunk);
    if (this.#remaining > 0) {
      this.abort();
      return;
    }
    if (this.#remaining < 0) this.#outbox.addText(LAST_CHUNK);
    this.#isRequestSent = true;
    this.#armRead();
  }

  /** Gives up: closes the connection; the sink hears nothing more. */
  abort(): void {
    if (this.#sink === undefined) return;
    this.#sink = undefined;
    this.#close();
  }

  // The response.

  /** Stops the flow to the sink; what was read already is kept, at most one read. */
  pause(): void {
    if (this.#sink === undefined || this.#isPaused) return;
    this.#isPaused = true;
    this.#options.timers.disarm(this);
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (!this.#isConsuming && this.#sink !== undefined) this.#consumeHeld();
  }

  #armRead(): void {
    if (this.#readTimeoutMs > 0 && this.#isRequestSent && !this.#isPaused) {
      this.#options.timers.arm(this, this.#readTimeoutMs);
    }
  }

  received(bytes: Uint8Array, length: number): void {
    if (this.#state === HEAD || this.#state === CONTENT) {
      this.bytesReceived += length;
      if (this.#held !== undefined) this.#held.add(bytes, 0, length);
      else this.#consume(bytes, 0, length);
    } else if (this.#state !== CLOSED) {
      // nginx: ngx_http_upstream_keepalive_close_handler. Nothing was asked.
      this.#close();
    }
  }

  #consume(bytes: Uint8Array, from: number, to: number): void {
    let at = from;
    this.#isConsuming = true;
    let text = '';
    let textAt = 0;
    while (at < to && !this.#isPaused) {
      if (this.#state === HEAD) {
        const kept = this.#headText;
        text = kept + latin1(bytes, at, decodeEnd(at, to));
        textAt = at - kept.length;
        const length = this.#readHead(text, kept.length, textAt === 0 ? bytes : undefined);
        at = length < 0 ? textAt + text.length : textAt + length;
      } else if (this.#state === CONTENT) {
        at = this.#content.read(bytes, at, to, this.#sink, text, textAt);
        if (this.#content.isMalformed) this.#fail('malformed', undefined, this.#content.problem);
      }
      if (this.#state === CONTENT && this.#content.isDone) {
        this.#isConsuming = false;
        this.#complete(at < to);
        return;
      }
      if (this.#state >= TUNNEL) break;
    }
    this.#isConsuming = false;
    if (this.#state === TUNNEL) this.#giveEarly(bytes, at, to);
    else if (this.#state !== CLOSED) this.#keepRest(bytes, at, to);
  }

  #keepRest(bytes: Uint8Array, at: number, to: number): void {
    if (at < to) {
      this.#held ??= new HeldBytes();
      this.#held.add(bytes, at, to);
    } else this.#armRead();
  }

  #consumeHeld(): void {
    const held = this.#held;
    this.#held = undefined;
    const sink = this.#sink;
    if (held !== undefined) {
      this.#consume(held.bytes, 0, held.length);
      held.release();
    }
    if (this.#isPaused || this.#sink !== sink) return;
    if (this.#isPeerEnded) this.#inputEnded();
    else {
      this.#armRead();
      this.#socket.resume();
    }
  }

  /** Returns the length of the head, -1 where it is incomplete or ended the connection. */
  #readHead(text: string, searchedTo: number, bytes: Uint8Array | undefined): number {
    const { headLimits } = this.#options;
    const head = readResponseHead(text, 0, headLimits, searchedTo, bytes);
    if (head === undefined) {
      this.#headText = text;
      return -1;
    }
    this.#headText = '';
    if (head instanceof HeadProblem) {
      this.#fail('malformed', undefined, head.message);
      return -1;
    }
    if (head.status < 200 && head.status !== 101) this.#informational(head);
    else this.#begin(head);
    return head.length;
  }

  #informational(head: ResponseHead): void {
    this.#informationalCount++;
    if (this.#informationalCount <= MOST_INFORMATIONAL) this.#sink?.informational(head);
    else this.#fail('malformed', undefined, 'upstream sent too many informational responses');
  }

  #begin(head: ResponseHead): void {
    const framing = responseFraming(head, this.#method);
    if (framing === TUNNEL_FRAMING) {
      this.#upgrade(head);
      return;
    }
    this.#state = CONTENT;
    this.#hasHead = true;
    this.#mayKeep =
      head.keepAlive && framing !== UNTIL_CLOSE && !mayHaveStrayContent(head, this.#method);
    this.#content.begin(framing, head.contentLength);
    this.#sink?.head(head);
  }

  /** The response is read in full: the connection is kept or closed, then the sink is told. */
  #complete(hasRest: boolean): void {
    const sink = this.#sink;
    const { trailers } = this.#content;
    this.#sink = undefined;
    this.#asker = undefined;
    // nginx: a connection whose request was not sent in full, or with bytes left, is not kept.
    const mayKeep =
      this.#mayKeep &&
      !hasRest &&
      this.#isRequestSent &&
      this.#outbox.isEmpty &&
      !this.#isPeerEnded;
    this.#options.timers.disarm(this);
    if (this.#isPaused) {
      // The end of the response may have paused it: who is next would wait for ever.
      this.#isPaused = false;
      this.#socket.resume();
    }
    this.#state = IDLE;
    if (!mayKeep || !this.keeper.keep(this)) this.#close();
    try {
      sink?.end(trailers);
    } catch (error) {
      tellThrew(sink, error);
    }
  }

  // Tunnels.

  #upgrade(head: ResponseHead): void {
    const sink = this.#sink;
    this.#sink = undefined;
    this.#state = TUNNEL;
    this.#options.timers.disarm(this);
    try {
      sink?.upgraded(head, this);
    } catch (error) {
      this.#tunnel?.destroy();
      tellThrew(sink, error);
    }
    if (this.#tunnel === undefined) this.#close();
  }

  takeTunnel(sink: TunnelSink): Tunnel {
    if (this.#state !== TUNNEL || this.#tunnel !== undefined) throw new Error('there is no tunnel');
    const tunnel = new SocketTunnel(this.#socket, this.#outbox, sink, this);
    this.#tunnel = tunnel;
    changeUser(this.#socket, tunnel);
    return tunnel;
  }

  #giveEarly(bytes: Uint8Array, at: number, to: number): void {
    if (at < to) this.#tunnel?.giveEarly(Buffer.from(bytes.subarray(at, to)));
  }

  tunnelClosed(): void {
    this.#state = CLOSED;
    this.keeper.lost(this, false);
  }

  // The end.

  peerEnded(): void {
    this.#isPeerEnded = true;
    if (this.#held === undefined && !this.#isPaused) this.#inputEnded();
  }

  #inputEnded(): void {
    if (this.#state === CONTENT && this.#content.isUntilClose) this.#complete(false);
    else if (this.#sink !== undefined) this.#fail('premature-close', undefined, '');
    else this.#close();
  }

  closed(error: Error | undefined): void {
    if (this.#state === CLOSED) return;
    if (this.#sink === undefined) this.#close();
    else if (this.#state === CONNECTING) this.#fail('connect', error, '');
    else this.#fail(error === undefined ? 'premature-close' : 'reset', error, '');
  }

  #fail(kind: ClientFailureKind, cause: Error | undefined, message: string): void {
    const sink = this.#sink;
    this.#sink = undefined;
    const isBroken = kind === 'reset' || kind === 'premature-close';
    const stale = isBroken && this.isReused && !this.#hasHead;
    this.#close();
    try {
      sink?.failed({ kind, stale, cause, message });
    } catch (error) {
      tellThrew(sink, error);
    }
  }

  /** The sink threw, or the engine did: the connection is in no state to be used again. */
  override threw(error: unknown): void {
    const sink = this.#asker;
    this.#sink = undefined;
    try {
      this.#close();
    } catch (further) {
      reportFault(further);
      this.#socket.destroy();
    }
    tellThrew(sink, error);
  }

  /** Closes now. For the pool, and for all ends. */
  #close(): void {
    if (this.#state === CLOSED) return;
    const isIdle = this.#state === IDLE;
    this.#state = CLOSED;
    this.#options.timers.disarm(this);
    this.#outbox.close();
    this.#held = undefined;
    this.#headText = '';
    this.#socket.destroy();
    this.keeper.lost(this, isIdle);
  }

  /** Closes a connection that its pool no longer keeps. */
  discard(): void {
    this.#close();
  }

  timedOut(): void {
    if (this.#state === IDLE) this.#close();
    else if (this.#state === CONNECTING) this.#fail('connect-timeout', undefined, '');
    else if (this.#sink !== undefined) this.#fail('read-timeout', undefined, '');
  }

  sendTimedOut(): void {
    this.#fail('send-timeout', undefined, '');
  }

  sent(): void {
    if (!this.#isDrainAwaited) return;
    this.#isDrainAwaited = false;
    this.#sink?.drained();
  }
}

function tellThrew(sink: ResponseSink | undefined, error: unknown): void {
  try {
    if (sink?.threw === undefined) reportFault(error);
    else sink.threw(error);
  } catch (further) {
    reportFault(error);
    reportFault(further);
  }
}
