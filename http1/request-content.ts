/** The content of one request: who reads it, whether it flows, and what is thrown away. */
import type { ContentProblem, ContentSink, RequestHead } from '../wire/exchange.ts';
import { requestFraming } from '../wire/framing.ts';
import type { HeadLimits } from '../wire/head-limits.ts';
import { ContentReader, type DataSink } from './content.ts';
import { endFaulty } from './fault.ts';
import type { ServerExchange } from './server-exchange.ts';

/** Reads a request's content for at most one `ContentSink`, within its limit. */
export class RequestContent implements DataSink {
  /** Whether the client waits for `100 Continue` before it sends. */
  isContinueAwaited: boolean;
  /** Whether `100 Continue` was asked for and has not been sent. */
  isContinueDue: boolean;
  /** Whether a handler asked for the content. */
  isAsked = false;
  /** Whether the sink has heard its last. */
  isOver = false;
  /** Whose content it is; set before any of it is read. */
  exchange: ServerExchange | undefined = undefined;
  readonly #reader: ContentReader;
  #sink: ContentSink | undefined = undefined;
  #limit = 0;
  #givenBytes = 0;
  #isPaused = false;
  #isDiscarding = false;
  #bytesBeforeDiscard = 0;

  constructor(head: RequestHead, limits: HeadLimits) {
    this.#reader = new ContentReader(limits.chunked);
    this.#reader.begin(requestFraming(head), head.contentLength);
    this.isContinueAwaited = head.expectContinue;
    this.isContinueDue = head.expectContinue;
  }

  /** Whether all of it was read. */
  get isDone(): boolean {
    return this.#reader.isDone;
  }

  /** Whether its framing breaks the rules. */
  get isMalformed(): boolean {
    return this.#reader.isMalformed;
  }

  /** Bytes read for it, framing included; what is discarded does not count (nginx `$request_length`). */
  get usedBytes(): number {
    return this.#isDiscarding ? this.#bytesBeforeDiscard : this.#reader.usedBytes;
  }

  /** Whether bytes should be read on. */
  get isFlowing(): boolean {
    if (this.isOver) return false;
    return this.#isDiscarding || (this.#sink !== undefined && !this.#isPaused);
  }

  /** Whether nobody reads it any more and `discardBytes` more would not end it. */
  isTooLongToDiscard(discardBytes: number): boolean {
    return this.#reader.isLengthKnown
      ? this.#reader.remaining > discardBytes
      : this.#isDiscarding && this.#reader.decodedBytes > discardBytes;
  }

  attach(sink: ContentSink, limit: number): void {
    this.isAsked = true;
    this.#sink = sink;
    this.#limit = limit;
    if (limit > 0 && this.#reader.remaining > limit) {
      this.fail('too-large', this.#reader.remaining);
    }
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  /** Throws the rest away. */
  discard(): void {
    this.#sink = undefined;
    this.#bytesBeforeDiscard = this.#reader.usedBytes;
    this.#isDiscarding = true;
  }

  /** Reads a piece; see `ContentReader.read`. Tells the sink of the end or of malformed framing. */
  read(bytes: Uint8Array, from: number, to: number, text: string, textAt: number): number {
    const reader = this.#reader;
    const sink = this.#sink === undefined ? undefined : this;
    const end = reader.read(bytes, from, to, sink, text, textAt);
    // A chunk is refused when its size is known, whether or not any of it came.
    if (this.#isTooLarge()) this.#refuse();
    if (reader.isDone) {
      const attached = this.#sink;
      this.#sink = undefined;
      this.isOver = true;
      try {
        attached?.end(reader.trailers);
      } catch (error) {
        this.#sinkThrew(error);
      }
    } else if (reader.isMalformed) this.fail('malformed');
    return end;
  }

  /** @internal called by the reader. */
  data(bytes: Uint8Array, from: number, to: number, text: string | undefined): void {
    if (this.#isTooLarge()) {
      this.#refuse();
      return;
    }
    this.#givenBytes += to - from;
    try {
      this.#sink?.data(bytes, from, to, text);
    } catch (error) {
      this.#sinkThrew(error);
    }
  }

  /** nginx ngx_http_request_body_chunked_filter refuses a chunk that would pass the limit whole. */
  #isTooLarge(): boolean {
    return this.#sink !== undefined && this.#limit > 0 && this.#reader.announcedBytes > this.#limit;
  }

  #refuse(): void {
    this.#reader.stop();
    this.fail('too-large', this.#reader.announcedBytes - this.#givenBytes);
  }

  /** Tells the sink, where one still listens, that nothing more comes; see `ContentSink.fail`. */
  fail(problem: ContentProblem, refusedBytes = 0): void {
    const sink = this.#sink;
    this.#sink = undefined;
    this.isOver = true;
    try {
      sink?.fail(problem, refusedBytes);
    } catch (error) {
      this.#sinkThrew(error);
    }
  }

  /** Nobody reads the rest, as when a sink lost interest; its request ends. */
  #sinkThrew(error: unknown): void {
    this.#sink = undefined;
    if (this.exchange !== undefined) endFaulty(this.exchange, error);
  }
}
