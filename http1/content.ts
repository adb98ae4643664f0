/**
 * Message content on its way in: finds its end by length, chunks or the end of the connection, and
 * hands out ranges of what was read, without copying. For requests and responses alike.
 */
import {
  CHUNKED_LIMITS,
  ChunkedDecoder,
  type ChunkedLimits,
  type ChunkSink,
} from '../wire/chunked.ts';
import { BY_CHUNKS, BY_LENGTH, type Framing, NO_CONTENT, UNTIL_CLOSE } from '../wire/framing.ts';

/** Receives ranges of content; see `ContentSink.data`. */
export interface DataSink {
  data(bytes: Uint8Array, from: number, to: number, text: string | undefined): void;
}

/** A sink that wants to pause is asked after at most this many bytes of chunked coding. */
const PIECE_BYTES = 16384;
/** Longer ranges are not given as text: a copy of the bytes is cheaper. */
const LONGEST_TEXT = 16384;

const NO_TRAILERS: readonly string[] = [];

/** Reads the content of one message after another; `begin` before each. */
export class ContentReader implements ChunkSink {
  /** Whether all of it was read. */
  isDone = true;
  /** Whether its framing is malformed; nothing more is read. */
  isMalformed = false;
  /** Content bytes handed out. */
  decodedBytes = 0;
  /** Bytes read for it, framing included. */
  usedBytes = 0;
  /** Why it is malformed, for the log. */
  problem = '';
  /** Trailer fields once it is done. */
  trailers: readonly string[] = NO_TRAILERS;
  /** Bytes still to come where the length is known. */
  remaining = 0;
  readonly #chunkedLimits: ChunkedLimits;
  #framing: Framing = NO_CONTENT;
  #decoder: ChunkedDecoder | undefined = undefined;
  #sink: DataSink | undefined = undefined;
  #isStopped = false;
  #text = '';
  #textAt = 0;

  constructor(chunkedLimits = CHUNKED_LIMITS) {
    this.#chunkedLimits = chunkedLimits;
  }

  /**
   * @param framing how the end is found; without content it is done at once
   * @param length bytes, for `BY_LENGTH`
   */
  begin(framing: Framing, length: number): void {
    this.#framing = framing;
    this.isDone = framing === NO_CONTENT;
    this.isMalformed = false;
    this.decodedBytes = 0;
    this.usedBytes = 0;
    this.remaining = framing === BY_LENGTH ? length : 0;
    this.trailers = NO_TRAILERS;
    this.#isStopped = false;
    if (framing !== BY_CHUNKS) return;
    if (this.#decoder === undefined) this.#decoder = new ChunkedDecoder(this, this.#chunkedLimits);
    else this.#decoder.reset();
  }

  /** Content bytes handed out, and those that the rest of the present chunk will bring. */
  get announcedBytes(): number {
    if (this.#framing !== BY_CHUNKS || this.#decoder === undefined) return this.decodedBytes;
    return this.decodedBytes + this.#decoder.chunkRemaining;
  }

  /** Whether the end is announced by a length. */
  get isLengthKnown(): boolean {
    return this.#framing === BY_LENGTH;
  }

  /** Whether the end of the connection is the end. */
  get isUntilClose(): boolean {
    return this.#framing === UNTIL_CLOSE;
  }

  /** Hands out nothing more, not even of the range being read: for a limit that is passed. */
  stop(): void {
    this.#isStopped = true;
    this.#sink = undefined;
  }

  /**
   * Reads from `from` towards `to`, at most one piece, so that the caller can look whether the sink
   * wants to pause.
   *
   * @param sink where the content goes; `undefined` discards it
   * @param text the bytes from index `textAt` on in latin1, '' where they were not decoded
   * @returns one past the last byte used
   */
  read(
    bytes: Uint8Array,
    from: number,
    to: number,
    sink: DataSink | undefined,
    text: string,
    textAt: number,
  ): number {
    if (this.#framing === BY_CHUNKS) return this.#decode(bytes, from, to, sink, text, textAt);
    let end = to;
    if (this.#framing === BY_LENGTH) {
      if (to - from > this.remaining) end = from + this.remaining;
      this.remaining -= end - from;
      this.isDone = this.remaining === 0;
    }
    this.decodedBytes += end - from;
    this.usedBytes += end - from;
    sink?.data(bytes, from, end, textOf(from, end, text, textAt));
    return end;
  }

  #decode(
    bytes: Uint8Array,
    from: number,
    to: number,
    sink: DataSink | undefined,
    text: string,
    textAt: number,
  ): number {
    const decoder = this.#decoder;
    if (decoder === undefined) return to;
    this.#sink = this.#isStopped ? undefined : sink;
    this.#text = text;
    this.#textAt = textAt;
    const end = decoder.decode(bytes, from, Math.min(to, from + PIECE_BYTES));
    this.usedBytes += end - from;
    this.#sink = undefined;
    this.#text = '';
    if (decoder.isDone) {
      this.isDone = true;
      this.trailers = decoder.trailers;
    } else if (decoder.isFailed) {
      this.isMalformed = true;
      this.problem = decoder.problem ?? '';
    }
    return end;
  }

  /** @internal called by the decoder. */
  data(bytes: Uint8Array, from: number, to: number): void {
    this.decodedBytes += to - from;
    this.#sink?.data(bytes, from, to, textOf(from, to, this.#text, this.#textAt));
  }
}

function textOf(from: number, to: number, text: string, textAt: number): string | undefined {
  if (to - from > LONGEST_TEXT || to - textAt > text.length) return undefined;
  return text.substring(from - textAt, to - textAt);
}
