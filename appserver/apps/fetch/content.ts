/** The content of a request: gathered whole, or as a stream that reads no faster than it is read. */
import type { UnderlyingByteSource } from 'node:stream/web';
import type { ContentProblem, ContentSink, Exchange } from '../../../wire/exchange.ts';
import { RequestContentError } from '../../errors.ts';

/** Reads the content of `exchange` into one buffer. Rejects with RequestContentError. */
export function gatherContent(exchange: Exchange): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    exchange.readContent(new Gatherer(exchange.head.contentLength, resolve, reject), 0);
  });
}

class Gatherer implements ContentSink {
  readonly #resolve: (content: Uint8Array<ArrayBuffer>) => void;
  readonly #reject: (error: Error) => void;
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  #length = 0;
  readonly #announced: number;

  constructor(
    announced: number,
    resolve: (content: Uint8Array<ArrayBuffer>) => void,
    reject: (error: Error) => void,
  ) {
    this.#announced = announced;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  data(bytes: Uint8Array, from: number, to: number): void {
    this.#chunks.push(copyOf(bytes, from, to));
    this.#length += to - from;
  }

  end(): void {
    const [first] = this.#chunks;
    if (this.#chunks.length === 1 && first !== undefined) {
      this.#resolve(first);
      return;
    }
    const whole = new Uint8Array(this.#length);
    let offset = 0;
    for (const chunk of this.#chunks) {
      whole.set(chunk, offset);
      offset += chunk.length;
    }
    this.#resolve(whole);
  }

  fail(problem: ContentProblem): void {
    this.#chunks.length = 0;
    this.#reject(new RequestContentError(problem, this.#length, this.#announced));
  }
}

/** A chunk given to a sink is borrowed; whoever keeps it copies it. */
function copyOf(bytes: Uint8Array, from: number, to: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.subarray(from, to));
}

/** The content of `exchange` as a stream of bytes. Nothing is read before the first pull. */
export function contentStream(exchange: Exchange): ReadableStream<Uint8Array> {
  return new ReadableStream(new ContentSource(exchange));
}

class ContentSource implements UnderlyingByteSource, ContentSink {
  readonly type = 'bytes';
  readonly #exchange: Exchange;
  #controller: ReadableByteStreamController | undefined = undefined;
  #isReading = false;
  #isDone = false;
  #length = 0;
  #pulled: (() => void) | undefined = undefined;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  pull(controller: ReadableByteStreamController): Promise<void> {
    this.#controller = controller;
    // Settles with the next bytes: the stream asks again only when they were taken.
    const pulled = new Promise<void>((resolve) => {
      this.#pulled = resolve;
    });
    if (this.#isReading) {
      this.#exchange.resumeContent();
    } else {
      this.#isReading = true;
      this.#exchange.readContent(this, 0);
    }
    return pulled;
  }

  cancel(): void {
    // What still comes is dropped; when the response ends the engine discards the rest itself.
    this.#isDone = true;
    if (this.#isReading) this.#exchange.resumeContent();
  }

  data(bytes: Uint8Array, from: number, to: number): void {
    this.#length += to - from;
    if (this.#isDone) return;
    this.#exchange.pauseContent();
    this.#controller?.enqueue(copyOf(bytes, from, to));
    this.#settle();
  }

  end(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#controller?.close();
    // A read with a buffer of its own waits for an answer of length 0.
    this.#controller?.byobRequest?.respond(0);
    this.#settle();
  }

  fail(problem: ContentProblem): void {
    if (this.#isDone) return;
    this.#isDone = true;
    const announced = this.#exchange.head.contentLength;
    this.#controller?.error(new RequestContentError(problem, this.#length, announced));
    this.#settle();
  }

  #settle(): void {
    this.#pulled?.();
    this.#pulled = undefined;
  }
}
