/**
 * Chunked transfer coding, RFC 9112 7.1: an incremental decoder that hands out ranges of the bytes it
 * is given, without copying, and the little that an encoder needs.
 *
 * ```
 *   1a;name=value CRLF  <26 bytes>  CRLF   0 CRLF   Trailer: x CRLF   CRLF
 *   ^size ^extension    ^data              ^last    ^trailer section
 * ```
 */
import { CR, HEX_VALUE, HTAB, LF, NAME_KIND, SPACE } from './characters.ts';
import { readTrailers, TRAILERS_INVALID } from './trailers.ts';

/** Where decoded data goes. The range is borrowed: valid until the call returns. */
export interface ChunkSink {
  data(bytes: Uint8Array, from: number, to: number): void;
}

/** Bounds of what surrounds the data, in bytes over the whole message. */
export interface ChunkedLimits {
  /** Chunk extensions and zeros before sizes: they carry nothing, so an endless flow is an attack. */
  readonly extensionBytes: number;
  /** The trailer section with its final empty line. */
  readonly trailerBytes: number;
  readonly trailerCount: number;
  /** Whether a trailer that frames the message is refused (Gunicorn) or left out (nginx). */
  readonly refusesFramingTrailers: boolean;
}

/** Bounds that no honest message reaches. */
export const CHUNKED_LIMITS: ChunkedLimits = {
  extensionBytes: 16 * 1024,
  trailerBytes: 8 * 1024,
  trailerCount: 100,
  refusesFramingTrailers: false,
};

/** A size has no more, but for zeros before it. */
const MOST_SIZE_DIGITS = 16;

const SIZE_START = 0;
const SIZE = 1;
const BEFORE_EXTENSION = 2;
const NAME_START = 3;
const NAME = 4;
const AFTER_NAME = 5;
const VALUE_START = 6;
const VALUE = 7;
const QUOTED = 8;
const QUOTED_PAIR = 9;
const AFTER_QUOTED = 10;
const SIZE_LF = 11;
const DATA = 12;
const DATA_CR = 13;
const DATA_LF = 14;
const TRAILER_START = 15;
const TRAILER_LINE = 16;
const TRAILER_LF = 17;
const END_LF = 18;
const DONE = 19;
const FAILED = 20;

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Decodes one message after another on a connection; `reset` before each. */
export class ChunkedDecoder {
  /** Flat list name, value; complete once `isDone`. */
  trailers: readonly string[] = [];
  /** Why decoding stopped, in words for the log; `undefined` while all is well. */
  problem: string | undefined = undefined;
  readonly #sink: ChunkSink;
  readonly #limits: ChunkedLimits;
  #state = SIZE_START;
  /** Bytes of the current chunk still to come. */
  #remaining = 0;
  #digits = 0;
  #extensionBytes = 0;
  #trailerText = '';

  constructor(sink: ChunkSink, limits: ChunkedLimits) {
    this.#sink = sink;
    this.#limits = limits;
  }

  /** Whether the message is complete, trailer section included. */
  get isDone(): boolean {
    return this.#state === DONE;
  }

  /** Whether decoding stopped for good: `problem` says why, or `abandon` was called. */
  get isFailed(): boolean {
    return this.#state === FAILED;
  }

  /** Bytes of the current chunk that were announced and have not come yet. */
  get chunkRemaining(): number {
    return this.#remaining;
  }

  /** Makes ready for another message. */
  reset(): void {
    this.trailers = [];
    this.problem = undefined;
    this.#state = SIZE_START;
    this.#remaining = 0;
    this.#digits = 0;
    this.#extensionBytes = 0;
    this.#trailerText = '';
  }

  /** Stops for good, from inside the sink as well: no further range is handed out. */
  abandon(): void {
    this.#state = FAILED;
  }

  /**
   * Decodes `bytes` from `from` to `to`, calling the sink for each range of data.
   *
   * @returns one past the last byte that was used: `to`, unless the message ended before or failed;
   *   look at `isDone` and `isFailed` afterwards
   */
  decode(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    while (at < to) {
      if (this.#state === DATA) {
        const end = Math.min(to, at + this.#remaining);
        this.#remaining -= end - at;
        if (this.#remaining === 0) this.#state = DATA_CR;
        this.#sink.data(bytes, at, end);
        at = end;
      } else if (this.#state >= DONE) {
        return at;
      } else {
        this.#step(bytes[at]!);
        // A byte that cannot stand here is not used.
        if (this.#state !== FAILED) at++;
      }
    }
    return at;
  }

  /** One byte outside the data. */
  #step(code: number): void {
    if (this.#state <= SIZE) this.#readSize(code);
    else if (this.#state < SIZE_LF) this.#readExtension(code);
    else if (this.#state < DATA) this.#endSizeLine(code);
    else if (this.#state < TRAILER_START) this.#endData(code);
    else this.#readTrailer(code);
  }

  #fail(problem: string): void {
    this.problem = problem;
    this.#state = FAILED;
  }

  /** Digits alone: no sign, prefix, underscore or space, each of which some parser lets pass. */
  #readSize(code: number): void {
    const digit = HEX_VALUE[code]!;
    if (digit < 16) {
      this.#state = SIZE;
      this.#remaining = this.#remaining * 16 + digit;
      if (++this.#digits > MOST_SIZE_DIGITS) this.#extensionBytes++;
      if (this.#remaining > Number.MAX_SAFE_INTEGER) this.#fail('chunk size is too large');
      else if (this.#extensionBytes > this.#limits.extensionBytes) {
        this.#fail('chunk extensions are too long');
      }
    } else if (this.#state === SIZE_START) this.#fail('invalid chunk size');
    else if (code === CR) this.#state = SIZE_LF;
    else if (code === SEMICOLON) this.#state = NAME_START;
    else if (code === SPACE || code === HTAB) this.#state = BEFORE_EXTENSION;
    else this.#fail('invalid chunk size');
  }

  /** RFC 9112 7.1.1: `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`. */
  #readExtension(code: number): void {
    if (++this.#extensionBytes > this.#limits.extensionBytes) {
      this.#fail('chunk extensions are too long');
      return;
    }
    const next = nextInExtension(this.#state, code);
    if (next === FAILED) this.#fail('invalid chunk extension');
    else this.#state = next;
  }

  /** nginx since 1.29.4 and RFC 9112 7.1: only CRLF ends the line. */
  #endSizeLine(code: number): void {
    if (code !== LF) this.#fail('invalid end of chunk size line');
    else this.#state = this.#remaining === 0 ? TRAILER_START : DATA;
    this.#digits = 0;
  }

  #endData(code: number): void {
    if (this.#state === DATA_CR && code === CR) this.#state = DATA_LF;
    else if (this.#state === DATA_LF && code === LF) this.#state = SIZE_START;
    else this.#fail('invalid end of chunk data');
  }

  /** Gathers the section up to its empty line, then reads it whole. */
  #readTrailer(code: number): void {
    if (this.#trailerText.length >= this.#limits.trailerBytes) {
      this.#fail('trailer section is too long');
      return;
    }
    this.#trailerText += String.fromCharCode(code);
    const state = this.#state;
    const isLineEnding = state === TRAILER_LF || state === END_LF;
    if (isLineEnding !== (code === LF)) this.#fail('invalid trailer line');
    else if (state === END_LF) this.#finish();
    else if (state === TRAILER_LF) this.#state = TRAILER_START;
    else if (code === CR) this.#state = state === TRAILER_START ? END_LF : TRAILER_LF;
    else this.#state = TRAILER_LINE;
  }

  #finish(): void {
    const { trailerCount, refusesFramingTrailers } = this.#limits;
    const trailers =
      this.#trailerText.length === 2
        ? this.trailers
        : readTrailers(this.#trailerText, trailerCount, refusesFramingTrailers);
    this.#trailerText = '';
    if (trailers === TRAILERS_INVALID) {
      this.#fail('invalid trailer section');
      return;
    }
    this.trailers = trailers;
    this.#state = DONE;
  }
}

function isBlank(code: number): boolean {
  return code === SPACE || code === HTAB;
}

/** The state after one character of a chunk extension. */
function nextInExtension(state: number, code: number): number {
  switch (state) {
    case BEFORE_EXTENSION:
      if (isBlank(code)) return state;
      return code === SEMICOLON ? NAME_START : FAILED;
    case NAME_START:
      if (isBlank(code)) return state;
      return NAME_KIND[code] === 0 ? FAILED : NAME;
    case NAME:
      if (NAME_KIND[code] !== 0) return state;
      if (isBlank(code)) return AFTER_NAME;
      return code === EQUALS ? VALUE_START : endOfExtension(code);
    case AFTER_NAME:
      if (isBlank(code)) return state;
      if (code === EQUALS) return VALUE_START;
      return code === SEMICOLON ? NAME_START : FAILED;
    case VALUE_START:
      if (isBlank(code)) return state;
      if (code === QUOTE) return QUOTED;
      return NAME_KIND[code] === 0 ? FAILED : VALUE;
    case VALUE:
      if (NAME_KIND[code] !== 0) return state;
      return isBlank(code) ? BEFORE_EXTENSION : endOfExtension(code);
    case QUOTED:
      if (code === QUOTE) return AFTER_QUOTED;
      if (code === BACKSLASH) return QUOTED_PAIR;
      return isText(code) ? state : FAILED;
    case QUOTED_PAIR:
      return isText(code) ? QUOTED : FAILED;
    default:
      return isBlank(code) ? BEFORE_EXTENSION : endOfExtension(code);
  }
}

/** What may follow a complete extension: another one or the end of the line. */
function endOfExtension(code: number): number {
  if (code === SEMICOLON) return NAME_START;
  return code === CR ? SIZE_LF : FAILED;
}

/** HTAB, SP, VCHAR and obs-text, RFC 9110 5.6.4. */
function isText(code: number): boolean {
  return (code > 0x1f && code !== 0x7f) || code === HTAB;
}

/** The line before a chunk of `size` bytes; the data and CRLF follow it. `size` is above 0. */
export function chunkHead(size: number): string {
  return `${size.toString(16)}\r\n`;
}

/** What follows the data of each chunk. */
export const CHUNK_END = '\r\n';

/** The last chunk with an empty trailer section. */
export const LAST_CHUNK = '0\r\n\r\n';
