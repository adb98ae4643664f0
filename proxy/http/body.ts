/**
 * The content of a client's request. It has one owner, who alone reads it, and knows whether it is
 * still there: the next server, an error page, a named location and X-Accel-Redirect ask him.
 *
 * ```
 *                 ┌─ readWhole ──> COLLECTING ──end──> WHOLE     to be sent as often as asked for
 *   UNASKED ──────┤                    ^                 ^ all of it had come with the head
 *                 ├─ stream ───────> AT HAND ────────────┘
 *                 │                    │  ^
 *                 │             passTo │  │ takeBack, nothing was passed on
 *                 │                    v  │
 *                 │                  PASSING ──> GONE            nobody can have it any more
 *                 └─ discard ──────────────────> GONE
 *   anywhere ── too large, malformed, late, closed ──> REFUSED   it counts as empty from now on
 * ```
 * See nginx `ngx_http_read_client_request_body` and `ngx_http_discard_request_body`.
 */
import type { ContentProblem, ContentSink } from '../../wire/exchange.ts';
import { ERROR, INFO } from '../log/error-log.ts';
import { ContentStore, NO_CONTENT, type RequestContent, type StoreUser } from './body-store.ts';
import type { HttpRequest } from './request.ts';

/** Who waits for the content. Any may be called during the call that asked. */
export interface ContentUser {
  contentReady(content: RequestContent): void;
  /** The content will not come; answer with the status. */
  contentFailed(status: number): void;
}

/** Who takes content as it comes. */
export interface StreamUser extends ContentUser {
  /** It is there in part; `passTo` gives it. `contentReady` takes its place where all had come. */
  contentAtHand(): void;
}

/** Who gets content as it comes. */
export interface PassSink {
  /** Borrowed bytes. False asks to wait: `resume` follows. */
  data(bytes: Uint8Array, from: number, to: number, text: string | undefined): boolean;
  end(): void;
  /** The rest will not come; answer with the status. */
  fail(status: number): void;
}

/** Nobody asked yet. */
const UNASKED = 0;
/** Is being read whole. */
const COLLECTING = 1;
/** Was read whole, and is kept. */
const WHOLE = 2;
/** What came is kept, the rest waits; nothing was passed on. */
const AT_HAND = 3;
/** Goes to somebody as it comes. */
const PASSING = 4;
/** Was passed on in part or whole, or thrown away. */
const GONE = 5;
/** Was refused or broke off: the answer is an error already. */
const REFUSED = 6;

/** The content of `r`, whoever asks. A request without content has an owner only if one asks. */
export function contentOf(r: HttpRequest): ClientContent {
  r.content ??= new ClientContent(r);
  return r.content;
}

/**
 * Throws away what nobody asked for, before a reply that does not need it. False where it is
 * malformed, which is worth another answer. See nginx `ngx_http_discard_request_body`.
 */
export function discardContent(r: HttpRequest): boolean {
  return !r.exchange.hasContent || contentOf(r).discard();
}

/** Content that is too large by its length is never looked at. */
export function refuseContent(r: HttpRequest): void {
  if (r.exchange.hasContent) contentOf(r).refuse();
}

/** See the top of the file. */
export class ClientContent implements ContentSink, StoreUser {
  readonly #r: HttpRequest;
  #state = UNASKED;
  #store: ContentStore | undefined = undefined;
  #user: ContentUser | undefined = undefined;
  #sink: PassSink | undefined = undefined;
  #isEnded = false;
  #isWaiting = false;
  #passedBytes = 0;
  /** The answer to content that was refused. */
  #status = 0;

  constructor(r: HttpRequest) {
    this.#r = r;
  }

  /** Bytes, as far as they are known: what was announced or read; 0 once it is refused; else -1. */
  get length(): number {
    if (this.#state === REFUSED) return 0;
    return this.#state === WHOLE ? (this.#store?.length ?? 0) : this.#r.head.contentLength;
  }

  /** All of it as far as it is kept in memory (`$request_body`). */
  get memory(): Buffer | undefined {
    return this.#state === WHOLE ? this.#store?.memory : undefined;
  }

  /** Path of the file that has all of it (`$request_body_file`). */
  get filePath(): string | undefined {
    return this.#state === WHOLE ? this.#store?.file?.path : undefined;
  }

  // Asking.

  /**
   * Gives the whole content to `user`, whoever read it before.
   *
   * @param isNeeded whether content that is gone is an error; else it counts as empty
   */
  readWhole(user: ContentUser, isNeeded: boolean): void {
    this.#takeFromSink();
    this.#user = user;
    switch (this.#state) {
      case UNASKED:
        this.#state = COLLECTING;
        this.#read();
        return;
      case AT_HAND:
        this.#state = COLLECTING;
        if (this.#isEnded) this.#finish();
        else this.#r.exchange.resumeContent();
        return;
      case COLLECTING:
        return;
      default:
        this.#giveKept(user, isNeeded);
    }
  }

  /** Gives the content to `user` as it comes, or whole where all of it came with the head. */
  stream(user: StreamUser): void {
    this.#takeFromSink();
    if (this.#state === UNASKED) {
      this.#user = user;
      this.#state = AT_HAND;
      this.#read();
      this.#settleAtHand(user);
    } else if (this.#state === AT_HAND) user.contentAtHand();
    else if (this.#state === COLLECTING) this.#user = user;
    else this.#giveKept(user, true);
  }

  /** nginx: `request_body_no_buffering` has no effect on content that was read with the head. */
  #settleAtHand(user: StreamUser): void {
    if (this.#state === REFUSED) user.contentFailed(this.#status);
    else if (this.#isEnded && (this.#store === undefined || this.#store.fitsMemory)) this.#finish();
    else {
      if (!this.#isEnded) this.#r.exchange.pauseContent();
      user.contentAtHand();
    }
  }

  /** Another answer has begun: who had the content is not heard any more. */
  #takeFromSink(): void {
    if (this.#sink !== undefined) this.takeBack(this.#sink);
  }

  #giveKept(user: ContentUser, isNeeded: boolean): void {
    if (this.#state === WHOLE) user.contentReady(this.#store?.whole() ?? NO_CONTENT);
    else if (this.#state === REFUSED || !isNeeded) user.contentReady(NO_CONTENT);
    else {
      this.#r.logError('client request body was passed on already and cannot be sent again');
      user.contentFailed(502);
    }
  }

  /** See `discardContent`. */
  discard(): boolean {
    if (this.#state !== UNASKED) return true;
    this.#state = GONE;
    // nginx ngx_http_send_error_page: an error is told without 100 Continue.
    if (this.#r.exchange.discardContent(this.#r.errorStatus === 0)) return true;
    this.#refused(this.#stopped('malformed', 0));
    return false;
  }

  /** See `refuseContent`. */
  refuse(): void {
    if (this.#state !== UNASKED) return;
    this.#state = REFUSED;
    this.#r.exchange.discardContent(false);
  }

  /** The one place that reads. nginx holds a length against the limit where it finds a location. */
  #read(): void {
    const { exchange, head, location } = this.#r;
    if (!exchange.hasContent) this.end();
    else exchange.readContent(this, head.isChunked ? location.core.client_max_body_size : 0);
  }

  // Passing on.

  /** Gives what is at hand to `sink`, then the rest as it comes. */
  passTo(sink: PassSink): void {
    if (this.#state === REFUSED) sink.fail(this.#status);
    if (this.#state !== AT_HAND) return;
    this.#state = PASSING;
    this.#sink = sink;
    this.#isWaiting = false;
    const early = this.#store?.memory;
    this.#store = undefined;
    if (early !== undefined) this.data(early, 0, early.length, undefined);
    if (this.#sink !== sink) return;
    if (this.#isEnded) this.end();
    else if (!this.#isWaiting) this.#r.exchange.resumeContent();
  }

  /** `sink` can take more. */
  resume(sink: PassSink): void {
    if (this.#sink !== sink) return;
    this.#isWaiting = false;
    this.#r.exchange.resumeContent();
  }

  /** `sink` takes no more. What it got nothing of can be passed to somebody else. */
  takeBack(sink: PassSink): void {
    if (this.#sink !== sink) return;
    this.#sink = undefined;
    const isUntouched = this.#passedBytes === 0;
    this.#state = isUntouched ? AT_HAND : GONE;
    if (isUntouched) this.#r.exchange.pauseContent();
    // What still comes is discarded by the engine's own rules once it flows.
    else this.#r.exchange.resumeContent();
  }

  // What comes.

  data(bytes: Uint8Array, from: number, to: number, text: string | undefined): void {
    if (this.#state === PASSING) {
      this.#passedBytes += to - from;
      if (this.#sink?.data(bytes, from, to, text) !== false) return;
      this.#isWaiting = true;
      this.#r.exchange.pauseContent();
    } else if (this.#state === COLLECTING) {
      this.#store ??= new ContentStore(this.#r, this);
      if (!this.#store.add(bytes, from, to)) this.#r.exchange.pauseContent();
    } else if (this.#state === AT_HAND) {
      this.#store ??= new ContentStore(this.#r, this);
      this.#store.addToMemory(bytes, from, to);
      if (!this.#store.fitsMemory) this.#r.exchange.pauseContent();
    }
  }

  end(): void {
    this.#isEnded = true;
    if (this.#state === PASSING) {
      const sink = this.#sink;
      this.#sink = undefined;
      this.#state = this.#passedBytes === 0 ? WHOLE : GONE;
      sink?.end();
    } else if (this.#state === COLLECTING && this.#isStored) this.#finish();
  }

  get #isStored(): boolean {
    return this.#store === undefined || this.#store.isSettled;
  }

  stored(): void {
    if (this.#state !== COLLECTING) return;
    if (this.#isEnded) this.#finish();
    else this.#r.exchange.resumeContent();
  }

  #finish(): void {
    this.#state = WHOLE;
    const user = this.#user;
    this.#user = undefined;
    user?.contentReady(this.#store?.whole() ?? NO_CONTENT);
  }

  storeFailed(): void {
    if (this.#state === COLLECTING) this.#refused(500);
  }

  /** The file, or who heard of it, threw: the request ends. */
  threw(error: unknown): void {
    this.#store?.discard();
    this.#store = undefined;
    this.#state = GONE;
    this.#r.threw(error);
  }

  fail(problem: ContentProblem, refusedBytes: number): void {
    if (this.#isEnded || this.#state === GONE || this.#state === REFUSED) return;
    this.#refused(this.#stopped(problem, refusedBytes));
  }

  #refused(status: number): void {
    const state = this.#state;
    const sink = this.#sink;
    const user = this.#user;
    this.#state = REFUSED;
    this.#status = status;
    this.#sink = undefined;
    this.#user = undefined;
    this.#store?.discard();
    this.#store = undefined;
    if (state === PASSING) sink?.fail(status);
    else if (state === COLLECTING && !this.#r.isDone) user?.contentFailed(status);
  }

  /** The answer to content that stopped, with nginx's words in the log. */
  #stopped(problem: ContentProblem, refusedBytes: number): number {
    const r = this.#r;
    const received = this.#passedBytes + (this.#store?.length ?? 0);
    if (this.#state === PASSING) r.action = 'sending request to upstream';
    const status = statusOf(r, problem, received, refusedBytes);
    r.action = '';
    return status;
  }

  /** The request is over: what is kept goes with it. */
  release(): void {
    this.#store?.discard();
    this.#store = undefined;
    this.#user = undefined;
    this.#sink = undefined;
    if (this.#state !== REFUSED) this.#state = GONE;
  }
}

function statusOf(
  r: HttpRequest,
  problem: ContentProblem,
  received: number,
  refusedBytes: number,
): number {
  switch (problem) {
    case 'too-large':
      r.log(
        ERROR,
        `client intended to send too large chunked body: ${received}+${refusedBytes} bytes`,
      );
      return 413;
    case 'malformed':
      r.log(ERROR, 'client sent invalid chunked body');
      return 400;
    case 'timeout':
      r.log(INFO, 'client timed out (110: Connection timed out)');
      return 408;
    case 'closed':
      r.log(INFO, 'client prematurely closed connection');
      return 499;
  }
}
