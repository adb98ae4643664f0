/** Reads raw bytes as a server does, through the parsers of wire/ alone: head, content, next head. */
import { ChunkedDecoder } from '../../wire/chunked.ts';
import type { RequestHead } from '../../wire/exchange.ts';
import { BY_CHUNKS, BY_LENGTH, requestFraming } from '../../wire/framing.ts';
import { type HeadLimits, HeadProblem, readRequestHead } from '../../wire/head.ts';

export interface ReadRequest {
  readonly head: RequestHead;
  content: string;
  trailers: readonly string[];
  isComplete: boolean;
}

export interface Reading {
  readonly requests: ReadRequest[];
  /** Why reading stopped before the end of the bytes. */
  problem: { status: number; kind: string; message: string } | undefined;
  /** Whether bytes of an incomplete head or content are left over. */
  isCutOff: boolean;
}

/** One connection. `give` takes bytes as they come; what was read is in `reading`. */
export class RequestReader {
  readonly reading: Reading = { requests: [], problem: undefined, isCutOff: false };
  readonly #limits: HeadLimits;
  readonly #decoder: ChunkedDecoder;
  #current: ReadRequest | undefined;
  #text = '';
  #searchedTo = 0;
  #remaining = 0;

  constructor(limits: HeadLimits) {
    this.#limits = limits;
    const data = (bytes: Uint8Array, from: number, to: number): void => {
      this.#current!.content += Buffer.from(bytes.subarray(from, to)).toString('latin1');
    };
    this.#decoder = new ChunkedDecoder({ data }, limits.chunked);
  }

  give(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length && this.reading.problem === undefined) {
      at = this.#current === undefined ? this.#readHead(bytes, at) : this.#readContent(bytes, at);
    }
    this.reading.isCutOff = this.#current !== undefined || this.#text !== '';
  }

  /** Every other head is read from the text alone, so that both ways are tried. */
  #readHead(bytes: Buffer, at: number): number {
    const held = this.#text.length;
    const isAlone = held === 0 && this.reading.requests.length % 2 === 0;
    this.#text += bytes.toString('latin1', at);
    const head = isAlone
      ? readRequestHead(bytes.toString('latin1'), at, this.#limits, at, bytes)
      : readRequestHead(this.#text, 0, this.#limits, this.#searchedTo);
    this.#searchedTo = this.#text.length;
    if (head === undefined) return bytes.length;
    this.#text = '';
    this.#searchedTo = 0;
    if (head instanceof HeadProblem) {
      const { status, kind, message } = head;
      this.reading.problem = { status, kind, message };
      return bytes.length;
    }
    this.#begin(head);
    return at + head.length - held;
  }

  #begin(head: RequestHead): void {
    const request: ReadRequest = { head, content: '', trailers: [], isComplete: false };
    this.reading.requests.push(request);
    const framing = requestFraming(head);
    this.#remaining = framing === BY_LENGTH ? head.contentLength : 0;
    request.isComplete = framing !== BY_LENGTH && framing !== BY_CHUNKS;
    this.#current = request.isComplete ? undefined : request;
    this.#decoder.reset();
  }

  #readContent(bytes: Buffer, at: number): number {
    const current = this.#current!;
    if (requestFraming(current.head) === BY_LENGTH) {
      const end = Math.min(bytes.length, at + this.#remaining);
      current.content += bytes.toString('latin1', at, end);
      this.#remaining -= end - at;
      if (this.#remaining === 0) this.#complete(current, []);
      return end;
    }
    const end = this.#decoder.decode(bytes, at, bytes.length);
    if (this.#decoder.isDone) this.#complete(current, this.#decoder.trailers);
    if (!this.#decoder.isFailed) return end;
    this.reading.problem = { status: 400, kind: 'content', message: this.#decoder.problem! };
    return bytes.length;
  }

  #complete(request: ReadRequest, trailers: readonly string[]): void {
    request.trailers = trailers;
    request.isComplete = true;
    this.#current = undefined;
  }
}

/** Reads all bytes in one piece, or in two that meet at `split`. */
export function readRequests(bytes: Buffer, limits: HeadLimits, split = bytes.length): Reading {
  const reader = new RequestReader(limits);
  reader.give(bytes.subarray(0, split));
  if (split < bytes.length) reader.give(bytes.subarray(split));
  return reader.reading;
}

/** Reads the bytes one by one. */
export function readByteByByte(bytes: Buffer, limits: HeadLimits): Reading {
  const reader = new RequestReader(limits);
  for (let index = 0; index < bytes.length; index++) reader.give(bytes.subarray(index, index + 1));
  return reader.reading;
}
