/**
 * The life of one client connection: requests one after another, how long each part may take, what
 * is kept while a handler is busy, and how it ends. README.md draws it.
 *
 * ```
 *   IDLE ──first byte──> HEAD ──head complete──> REQUEST ──response and content complete──> IDLE
 *     │                   │ refused                 │ upgrade            │ no keep-alive
 *     └─> closed          └──> REQUEST, last        └─> TUNNEL           └─> CLOSING ──> LINGER
 * ```
 */
import type { Socket } from 'node:net';
import type {
  ConnectionTimes,
  ContentSink,
  ExchangeHandler,
  RequestHead,
  Tunnel,
  TunnelSink,
} from '../wire/exchange.ts';
import { NO_CONTENT, requestFraming } from '../wire/framing.ts';
import { HeadProblem } from '../wire/head.ts';
import { ParsedRequestHead } from '../wire/request-head.ts';
import type { Accounts, Member } from './accounts.ts';
import { SocketFacts } from './facts.ts';
import {
  callHandler,
  callRefuse,
  endFaulty,
  reportFault,
  tellAborted,
  tellDrained,
  tellFinished,
  tellInputEnded,
} from './fault.ts';
import { HeadReader } from './head-reader.ts';
import { HeldBytes } from './held-bytes.ts';
import type { ServerOptions } from './options.ts';
import { Outbox, type OutboxUser } from './outbox.ts';
import { RequestContent } from './request-content.ts';
import { type ExchangeConnection, earliestFirst, ServerExchange } from './server-exchange.ts';
import {
  adoptSocket,
  changeUser,
  closeWritten,
  destroySocket,
  type SocketUser,
  wrapHandle,
} from './socket.ts';
import { Timeout } from './timers.ts';
import { SocketTunnel, type TunnelOwner } from './tunnel.ts';

/** Waits for a request. */
const IDLE = 0;
/** Has part of a request head. */
const HEAD = 1;
/** Answers a request, or discards the rest of its content. */
const REQUEST = 2;
/** The last response is on its way out. */
const CLOSING = 3;
/** Has shut its writing side and discards what the client still sends. */
const LINGER = 4;
/** Belongs to a tunnel. */
const TUNNEL = 5;
const CLOSED = 6;

const EMPTY_TRAILERS: readonly string[] = [];
const NO_BYTES = new Uint8Array(0);

/** Speaks HTTP/1.1 with one client; made by a `Listener`. */
export class ServerConnection
  extends Timeout
  implements SocketUser, OutboxUser, Member, ExchangeConnection, TunnelOwner
{
  readonly socket: Socket;
  readonly outbox: Outbox;
  readonly facts: SocketFacts;
  readonly #accounts: Accounts;
  readonly #options: ServerOptions;
  readonly #handler: ExchangeHandler;
  readonly #heads: HeadReader;
  #times: ConnectionTimes;
  #state = IDLE;
  #exchange: ServerExchange | undefined = undefined;
  #content: RequestContent | undefined = undefined;
  #tunnel: SocketTunnel | undefined = undefined;
  /** Exchanges whose responses the kernel has not taken in full, latest first. */
  #unsent: ServerExchange | undefined = undefined;
  #held: HeldBytes | undefined = undefined;
  #startedAt = 0;
  #requestCount = 0;
  #firstRequestAt = 0;
  #lingerUntil = 0;
  #isPipelined = false;
  #isReadingHeld = false;
  #isConsuming = false;
  /** What is being consumed: `#bytes` from `#at` to `#to`. */
  #bytes: Uint8Array = NO_BYTES;
  #at = 0;
  #to = 0;
  #isReadingPaused = false;
  #isPeerEnded = false;
  #isRefused = false;
  #isTimedOut = false;

  /** Serves an accepted handle the fast way. */
  static accept(
    handle: unknown,
    path: string,
    accounts: Accounts,
    options: ServerOptions,
    handler: ExchangeHandler,
  ): void {
    const socket = wrapHandle(handle);
    if (path === '') socket.setNoDelay(true);
    new ServerConnection(socket, path, accounts, options, handler).#begin();
  }

  /** Serves a socket made elsewhere. */
  static adopt(
    socket: Socket,
    path: string,
    accounts: Accounts,
    options: ServerOptions,
    handler: ExchangeHandler,
  ): void {
    adoptSocket(socket);
    new ServerConnection(socket, path, accounts, options, handler).#begin();
  }

  private constructor(
    socket: Socket,
    path: string,
    accounts: Accounts,
    options: ServerOptions,
    handler: ExchangeHandler,
  ) {
    super();
    this.socket = socket;
    this.#accounts = accounts;
    this.#options = options;
    this.#handler = handler;
    this.#times = options.times;
    this.#heads = new HeadReader(options.headLimits);
    this.outbox = new Outbox(socket, this, options.timers);
    this.facts = new SocketFacts(socket, path);
  }

  #begin(): void {
    try {
      this.#enter();
    } catch (error) {
      this.threw(error);
    }
  }

  #enter(): void {
    changeUser(this.socket, this);
    this.#accounts.add(this);
    this.#accounts.idle++;
    // nginx: ngx_http_init_connection starts client_header_timeout at accept.
    this.#options.timers.arm(this, this.#options.headTimeoutMs);
    if (this.#accounts.isDraining) this.drain(this.#accounts.quietMs);
    // A peer that reset already: what it sent could be read, but nobody could say who asked.
    if (this.facts.remoteAddress === '') this.destroy();
  }

  // Bytes in.

  received(bytes: Uint8Array, length: number): void {
    if (this.#held !== undefined && this.#state <= REQUEST) {
      this.#hold(bytes, 0, length);
      return;
    }
    this.#consume(bytes, 0, length);
  }

  /** Deals with bytes until they are used up or have to wait for a handler. */
  #consume(bytes: Uint8Array, from: number, to: number): void {
    this.#bytes = bytes;
    this.#at = from;
    this.#to = to;
    this.#isConsuming = true;
    while (this.#at < to) {
      if (this.#state <= HEAD) {
        // The last response goes first: pipelined ones are bounded by what the client reads.
        if (this.outbox.isWaiting || this.outbox.isFull) break;
        this.#readHead(bytes, this.#at, to);
      } else if (this.#state === REQUEST && this.#content?.isFlowing === true) {
        this.#readContent(this.#content);
      } else break;
    }
    this.#isConsuming = false;
    const at = this.#at;
    this.#bytes = NO_BYTES;
    this.#to = 0;
    this.#heads.release();
    if (this.#state === CLOSING) this.#close(at < to);
    else if (this.#state === LINGER) this.#linger();
    else if (at < to) this.#keepRest(bytes, at, to);
  }

  #keepRest(bytes: Uint8Array, at: number, to: number): void {
    if (this.#state <= REQUEST) this.#hold(bytes, at, to);
    else if (this.#state === TUNNEL) this.#tunnel?.giveEarly(Buffer.from(bytes.subarray(at, to)));
  }

  #readHead(bytes: Uint8Array, at: number, to: number): void {
    const { timers, headTimeoutMs } = this.#options;
    const heads = this.#heads;
    const isFirstPart = heads.keptBytes === 0;
    if (this.#state === IDLE) {
      this.#state = HEAD;
      this.#accounts.idle--;
      this.#startedAt = timers.clock.now;
      this.#isPipelined = at > 0 || this.#isReadingHeld;
    }
    const head = heads.read(bytes, at, to);
    if (head === undefined) {
      // The first head's time runs from accept.
      if (isFirstPart && this.#requestCount > 0) timers.arm(this, headTimeoutMs);
      this.#at = heads.next;
    } else if (head instanceof HeadProblem) {
      this.#refuse(head.head, head.status, head.message);
    } else {
      // Whoever asks for content gets what came with the head within the call.
      this.#at = heads.next;
      this.#start(head, heads.next < to);
    }
  }

  #newExchange(head: RequestHead, content: RequestContent | undefined): ServerExchange {
    this.#state = REQUEST;
    this.#accounts.requests++;
    this.#requestCount++;
    if (this.#requestCount === 1) this.#firstRequestAt = this.#options.timers.clock.monotonic;
    const exchange = new ServerExchange(
      this,
      head,
      content,
      this.#options.times,
      this.#requestCount,
      this.#startedAt,
      this.#isPipelined,
    );
    this.#exchange = exchange;
    this.#content = content;
    if (content !== undefined) content.exchange = exchange;
    return exchange;
  }

  #start(head: RequestHead, hasMore: boolean): void {
    let content: RequestContent | undefined;
    if (requestFraming(head) !== NO_CONTENT) {
      content = new RequestContent(head, this.#options.headLimits);
      // RFC 9110 10.1.1: the client did not wait.
      if (hasMore) content.isContinueAwaited = false;
    }
    callHandler(this.#handler, this.#newExchange(head, content));
  }

  #refuse(head: RequestHead, status: number, message: string): void {
    const exchange = this.#newExchange(head, undefined);
    exchange.keepAlive = false;
    this.#isRefused = true;
    callRefuse(this.#handler, exchange, { status, message });
  }

  #readContent(content: RequestContent): void {
    const { text, textAt } = this.#heads;
    this.#at = content.read(this.#bytes, this.#at, this.#to, text, textAt);
    this.#contentRead(content);
  }

  /** Reads on where content has just been asked for: what is at hand, at once. */
  #readAtHand(content: RequestContent): void {
    if (!this.#isConsuming) {
      this.#consumeHeld();
      return;
    }
    while (this.#at < this.#to && this.#state === REQUEST) {
      if (this.#content !== content || !content.isFlowing) return;
      this.#readContent(content);
    }
  }

  /** Looks whether content goes on, is complete, or has to be given up. */
  #contentRead(content: RequestContent): void {
    if (this.#state !== REQUEST || this.#content !== content) return;
    if (content.isDone) {
      this.#options.timers.disarm(this);
      if (this.#exchange === undefined) this.#becomeIdle();
    } else if (content.isOver) {
      this.#options.timers.disarm(this);
      if (this.#exchange !== undefined) this.#exchange.keepAlive = false;
      else this.#finishLast();
    } else if (this.#exchange === undefined && this.#isTooLong(content)) this.#finishLast();
    else this.#awaitContent(content);
  }

  #isTooLong(content: RequestContent): boolean {
    return content.isTooLongToDiscard(this.#options.discardBytes);
  }

  #awaitContent(content: RequestContent): void {
    if (!content.isFlowing) return;
    const exchange = this.#exchange;
    const { timers } = this.#options;
    if (exchange !== undefined) timers.arm(this, exchange.times.contentTimeoutMs);
    else timers.arm(this, this.#times.lingeringTimeoutMs);
  }

  // Bytes that wait.

  /** Keeps bytes until a handler wants them; reading goes on, bounded, to see a reset. */
  #hold(bytes: Uint8Array, from: number, to: number): void {
    this.#held ??= new HeldBytes();
    this.#held.add(bytes, from, to);
    if (this.#held.length >= this.#options.heldBytes && !this.#isReadingPaused) {
      this.#isReadingPaused = true;
      this.socket.pause();
    }
  }

  #consumeHeld(): void {
    if (this.#isConsuming) return;
    const held = this.#held;
    if (held !== undefined) {
      this.#held = undefined;
      this.#isReadingHeld = true;
      this.#consume(held.bytes, 0, held.length);
      held.release();
      this.#isReadingHeld = false;
      if (this.#held !== undefined) return;
    }
    if (this.#isReadingPaused && this.#state <= REQUEST) {
      this.#isReadingPaused = false;
      this.socket.resume();
    }
    if (this.#isPeerEnded) this.#inputEnded();
  }

  // What an exchange asks for.

  mayKeepAlive(exchange: ServerExchange): boolean {
    const { keepAlive, times, content } = exchange;
    if (!keepAlive || this.#accounts.isDraining) return false;
    if (this.#isPeerEnded && this.#held === undefined) return false;
    if (times.keepaliveTimeoutMs <= 0 || this.#requestCount >= times.keepaliveRequests)
      return false;
    const age = this.#options.timers.clock.monotonic - this.#firstRequestAt;
    if (age >= times.keepaliveTimeMs) return false;
    if (content === undefined || content.isDone) return true;
    if (content.isOver) return false;
    // RFC 9110 10.1.1: a client that waits for 100 may or may not send the content now.
    return content.isAsked || !(content.isContinueAwaited || this.#isTooLong(content));
  }

  readContent(exchange: ServerExchange, sink: ContentSink, limit: number): void {
    const { content } = exchange;
    if (content === undefined) {
      sink.end(EMPTY_TRAILERS);
      return;
    }
    if (content.isAsked) throw new Error('readContent was called twice');
    if (exchange !== this.#exchange || this.#state !== REQUEST) {
      sink.fail('closed', 0);
      return;
    }
    content.attach(sink, limit);
    if (content.isOver) {
      exchange.keepAlive = false;
      return;
    }
    this.#sendContinue(content);
    this.#awaitContent(content);
    this.#readAtHand(content);
  }

  discardContent(exchange: ServerExchange, isContinueDue: boolean): boolean {
    const { content } = exchange;
    if (content === undefined || exchange !== this.#exchange || this.#state !== REQUEST)
      return true;
    if (content.isAsked || content.isOver) return !content.isMalformed;
    if (isContinueDue) this.#sendContinue(content);
    // A client that still waits for 100 sends nothing.
    if (content.isContinueAwaited) return true;
    content.discard();
    this.#awaitContent(content);
    this.#readAtHand(content);
    return !content.isMalformed;
  }

  /** nginx: ngx_http_test_expect and gunicorn answer before they look whether content came already. */
  #sendContinue(content: RequestContent): void {
    if (!content.isContinueDue) return;
    content.isContinueDue = false;
    content.isContinueAwaited = false;
    this.outbox.addText('HTTP/1.1 100 Continue\r\n\r\n');
  }

  contentResumed(exchange: ServerExchange): void {
    if (exchange !== this.#exchange || this.#state !== REQUEST) return;
    if (exchange.content !== undefined && !exchange.content.isOver) {
      this.#awaitContent(exchange.content);
      this.#consumeHeld();
    }
  }

  responseEnded(exchange: ServerExchange): void {
    exchange.nextUnsent = this.#unsent;
    this.#unsent = exchange;
    this.outbox.askSent();
    this.#exchange = undefined;
    this.#times = exchange.times;
    const content = this.#content;
    if (!exchange.keepAlive) this.#finishLast();
    else if (content === undefined || content.isDone) this.#becomeIdle();
    else if (content.isOver || this.#isTooLong(content)) this.#finishLast();
    else {
      content.discard();
      this.#awaitContent(content);
      this.#consumeHeld();
    }
  }

  abort(exchange: ServerExchange): void {
    if (exchange.isUpgraded) this.#tunnel?.destroy();
    if (exchange !== this.#exchange) return;
    this.outbox.flush();
    if (this.#state >= CLOSED) return;
    // A response without length must not seem complete.
    const mustReset =
      exchange.isDelimitedByClose || (this.#isTimedOut && this.#times.resetTimedout);
    this.#gone('closed');
    destroySocket(this.socket, mustReset);
  }

  upgrade(exchange: ServerExchange, sink: TunnelSink): Tunnel {
    this.#state = TUNNEL;
    this.#options.timers.disarm(this);
    const tunnel = new SocketTunnel(this.socket, this.outbox, sink, this);
    this.#tunnel = tunnel;
    this.#exchange = undefined;
    this.#unsent = exchange;
    changeUser(this.socket, tunnel);
    const held = this.#held;
    if (held !== undefined) tunnel.giveEarly(held.bytes.subarray(0, held.length));
    else if (this.#isReadingPaused) this.socket.resume();
    this.#held = undefined;
    if (this.#isPeerEnded) tunnel.peerEnded();
    return tunnel;
  }

  tunnelClosed(tunnel: SocketTunnel): void {
    const exchange = this.#unsent;
    this.#unsent = undefined;
    this.#state = CLOSED;
    this.#accounts.remove(this);
    if (exchange === undefined) return;
    exchange.bytesSent += tunnel.sentBytes;
    exchange.contentBytesSent = tunnel.sentBytes;
    exchange.tunnelBytes = tunnel.receivedBytes;
    tellFinished(exchange);
  }

  // Between requests.

  #becomeIdle(): void {
    this.#state = IDLE;
    this.#content = undefined;
    const { timers } = this.#options;
    this.#accounts.idle++;
    if (this.#accounts.isDraining) timers.arm(this, this.#accounts.quietMs);
    else timers.arm(this, this.#times.keepaliveTimeoutMs);
    if (!this.#isConsuming && (this.#held !== undefined || this.#isPeerEnded)) this.#consumeHeld();
    else if (this.#isReadingPaused && this.#held === undefined) this.#consumeHeld();
  }

  drain(quietMs: number): void {
    if (this.#state === IDLE) this.#options.timers.arm(this, quietMs);
  }

  // The end.

  /** The last response is complete; closes once what was read is looked through. */
  #finishLast(): void {
    this.#state = CLOSING;
    if (!this.#isConsuming) this.#close(false);
  }

  /** nginx: ngx_http_finalize_connection chooses between closing and lingering. */
  #close(hasRest: boolean): void {
    this.outbox.flush();
    if (this.#state !== CLOSING) return;
    const { lingeringClose, lingeringTimeMs } = this.#times;
    const isContentLeft = this.#content !== undefined && !this.#content.isDone;
    const isUnread = hasRest || isContentLeft || this.#held !== undefined || this.#isRefused;
    this.#held = undefined;
    this.#options.timers.disarm(this);
    if (
      this.#isPeerEnded ||
      !(lingeringClose === 'always' || (lingeringClose === 'on' && isUnread))
    ) {
      closeWritten(this.socket);
      return;
    }
    // nginx: ngx_http_set_lingering_close. Closing with unread bytes would reset the connection and
    // the client might lose the response.
    this.#state = LINGER;
    this.#lingerUntil = this.#options.timers.clock.monotonic + lingeringTimeMs;
    this.socket.end();
    if (this.#isReadingPaused) this.socket.resume();
    this.#linger();
  }

  #linger(): void {
    const { timers } = this.#options;
    const left = this.#lingerUntil - timers.clock.monotonic;
    if (left <= 0) this.destroy();
    else timers.arm(this, Math.min(left, this.#times.lingeringTimeoutMs));
  }

  destroy(): void {
    if (this.#state === TUNNEL) this.#tunnel?.destroy();
    else if (this.#state !== CLOSED) {
      this.#gone('closed');
      this.socket.destroy();
    }
  }

  peerEnded(): void {
    this.#isPeerEnded = true;
    const content = this.#content;
    if (this.#state === REQUEST && (content === undefined || content.isDone)) {
      if (this.#held === undefined && this.#exchange !== undefined) tellInputEnded(this.#exchange);
      if (this.#state !== REQUEST) return;
    }
    if (this.#held === undefined || this.#state > REQUEST) this.#inputEnded();
  }

  /** Nothing more will be read, and nothing is held. */
  #inputEnded(): void {
    if (this.#state <= HEAD || this.#state === LINGER) this.destroySoon();
    else if (this.#state === REQUEST && this.#content !== undefined && !this.#content.isDone) {
      this.destroy();
    }
  }

  /** Closes after what is still on its way out. */
  destroySoon(): void {
    this.#options.timers.disarm(this);
    if (this.#state === IDLE) this.#accounts.idle--;
    this.#state = CLOSING;
    this.outbox.flush();
    if (this.#state === CLOSING) closeWritten(this.socket);
  }

  closed(): void {
    if (this.#state !== CLOSED) this.#gone('closed');
  }

  /** The engine itself failed: nothing that is sent on this connection can be trusted any more. */
  override threw(error: unknown): void {
    const exchange = this.#exchange;
    if (exchange === undefined) reportFault(error);
    else endFaulty(exchange, error);
    try {
      if (this.#state < TUNNEL) this.destroySoon();
    } catch (further) {
      reportFault(further);
      this.socket.destroy();
    }
    if (this.#state >= TUNNEL) this.socket.destroy();
  }

  /** Tells everyone that the connection is lost. */
  #gone(problem: 'closed' | 'timeout'): void {
    if (this.#state === IDLE) this.#accounts.idle--;
    this.#state = CLOSED;
    this.#options.timers.disarm(this);
    this.outbox.close();
    this.#accounts.remove(this);
    this.#held = undefined;
    this.#heads.forget();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#content?.fail(problem);
    let unsent = this.#unsent;
    this.#unsent = undefined;
    for (; unsent !== undefined; unsent = unsent.nextUnsent) tellAborted(unsent, problem);
    if (exchange !== undefined) {
      exchange.isOver = true;
      tellAborted(exchange, problem);
    }
  }

  // Bytes out.

  sent(): void {
    let unsent = this.#unsent;
    if (unsent !== undefined) {
      this.#unsent = undefined;
      if (unsent.nextUnsent !== undefined) unsent = earliestFirst(unsent);
      for (; unsent !== undefined; unsent = unsent.nextUnsent) tellFinished(unsent);
    }
    const exchange = this.#exchange;
    if (exchange?.isDrainAwaited) {
      exchange.isDrainAwaited = false;
      tellDrained(exchange);
    }
    if (this.#held !== undefined && this.#state <= HEAD) this.#consumeHeld();
  }

  sendTimedOut(): void {
    const mustReset = (this.#exchange?.times ?? this.#times).resetTimedout;
    this.#gone('timeout');
    destroySocket(this.socket, mustReset);
  }

  // Time.

  timedOut(): void {
    if (this.#state === IDLE) this.destroySoon();
    else if (this.#state === HEAD) this.#refuseLate();
    else if (this.#state === LINGER) this.destroy();
    else if (this.#state === REQUEST) this.#contentTimedOut();
  }

  /** nginx closes without an answer; the handler decides. */
  #refuseLate(): void {
    const head = new ParsedRequestHead();
    head.length = this.#heads.keptBytes;
    this.#heads.forget();
    this.#isTimedOut = true;
    this.#refuse(head, 408, 'client timed out');
    if (this.#state === CLOSING) this.#close(false);
  }

  #contentTimedOut(): void {
    const content = this.#content;
    const exchange = this.#exchange;
    // A timer left from before the request.
    if (content === undefined || content.isDone || !content.isFlowing) return;
    if (exchange === undefined) {
      this.destroy();
      return;
    }
    this.#isTimedOut = true;
    exchange.keepAlive = false;
    content.fail('timeout');
  }
}
