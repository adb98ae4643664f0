/** Finds request heads in what a connection reads, decoding each byte once. */
import type { RequestHead } from '../wire/exchange.ts';
import { type HeadLimits, HeadProblem, readRequestHead } from '../wire/head.ts';
import { decodeEnd, latin1 } from './bytes.ts';

/** The text of a connection's input around the head being read. */
export class HeadReader {
  /** One past the last byte that the last `read` used. */
  next = 0;
  /** The text of the read being dealt with, for content that came with the head. */
  text = '';
  /** The index in the bytes of that read where `text` starts; negative after an earlier part. */
  textAt = 0;
  readonly #limits: HeadLimits;
  /** An incomplete head. */
  #kept = '';

  constructor(limits: HeadLimits) {
    this.#limits = limits;
  }

  /** Bytes kept of an incomplete head. */
  get keptBytes(): number {
    return this.#kept.length;
  }

  /** Reads a head at `at`, or the rest of one; `undefined` where more is needed. */
  read(bytes: Uint8Array, at: number, to: number): RequestHead | HeadProblem | undefined {
    const kept = this.#kept;
    const text = this.#decode(bytes, at, to);
    let from = 0;
    let head: RequestHead | HeadProblem | undefined;
    if (kept === '' && this.textAt === 0) {
      // The text's characters stand where their bytes do.
      from = at;
      head = readRequestHead(text, at, this.#limits, at, bytes);
    } else head = readRequestHead(text, 0, this.#limits, kept.length);
    if (head !== undefined) {
      this.#kept = '';
      // After a problem nothing is read on.
      this.next = head instanceof HeadProblem ? at : this.textAt + from + head.length;
      return head;
    }
    this.#kept = from === 0 ? text : text.substring(from);
    this.next = this.textAt + text.length;
    return undefined;
  }

  /** What was kept and this read from `at` on. A short read is decoded once, for all heads in it. */
  #decode(bytes: Uint8Array, at: number, to: number): string {
    const kept = this.#kept;
    if (kept !== '') {
      this.textAt = at - kept.length;
      this.text = kept + latin1(bytes, at, decodeEnd(at, to));
    } else if (decodeEnd(0, to) === to) {
      if (this.text === '' || this.textAt !== 0) this.text = latin1(bytes, 0, to);
      this.textAt = 0;
    } else {
      this.textAt = at;
      this.text = latin1(bytes, at, decodeEnd(at, to));
    }
    return this.text;
  }

  /** Lets go of the text of a read that has been dealt with. */
  release(): void {
    this.text = '';
  }

  /** Forgets an incomplete head. */
  forget(): void {
    this.#kept = '';
  }
}
