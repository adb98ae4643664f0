/** Carries a ReadableStream to an exchange, no faster than the client takes it. */
import type { Exchange } from '../../../wire/exchange.ts';
import { ShortResponseError } from '../../errors.ts';

type Reader = ReadableStreamDefaultReader<unknown>;

/** One response body on its way. The head was written before. */
export class StreamPump {
  readonly #exchange: Exchange;
  readonly #reader: Reader;
  readonly #fail: (error: unknown) => void;
  /** Bytes that the head announced; -1 where it did not. */
  announced = -1;
  #length = 0;
  #isOver = false;
  readonly #next = (result: { done: boolean; value?: unknown }): void => {
    try {
      this.#take(result);
    } catch (error) {
      this.#reader.cancel(error).catch(() => {}); // The failure itself is reported.
      this.#break(error);
    }
  };
  readonly #broken = (error: unknown): void => this.#break(error);

  /**
   * `fail` hears of a stream that broke, ended too early or gave something that is no bytes. Throws
   * where `stream` is none, or somebody else reads it.
   */
  constructor(stream: ReadableStream, exchange: Exchange, fail: (error: unknown) => void) {
    this.#exchange = exchange;
    this.#reader = stream.getReader();
    this.#fail = fail;
  }

  /** Reads on: at the start, and when the exchange has room again. */
  readonly read = (): void => {
    if (!this.#isOver) this.#reader.read().then(this.#next, this.#broken);
  };

  /** Nobody wants the rest: the stream is told why. */
  readonly cancel = (reason: unknown): void => {
    if (this.#isOver) return;
    this.#isOver = true;
    // What the application's own cancel() throws has nobody left to hear it.
    this.#reader.cancel(reason).catch(() => {});
  };

  #take(result: { done: boolean; value?: unknown }): void {
    if (this.#isOver) return;
    if (result.done) {
      if (this.#length < this.announced) {
        this.#break(new ShortResponseError(this.#length, this.announced));
        return;
      }
      this.#isOver = true;
      this.#exchange.end();
      return;
    }
    const value = bytesOf(result.value);
    if (value === undefined) {
      const given = typeof result.value;
      const error = new TypeError(`a response stream gave ${given}, expected a Uint8Array or text`);
      this.#reader.cancel(error).catch(() => {}); // The failure itself is reported.
      this.#break(error);
      return;
    }
    this.#length += value.length;
    if (this.#exchange.write(value)) this.read();
  }

  #break(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#fail(error);
  }
}

/**
 * The Fetch standard wants Uint8Arrays; frameworks give text as well (Elysia's generators), and their
 * own servers take it.
 */
function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return Buffer.from(value);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (!ArrayBuffer.isView(value)) return undefined;
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}
