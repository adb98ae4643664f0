/** Server-Sent Events: an answer that goes on telling the latest state of something. */

import type { OpenEnds } from './open-ends.ts';
import type { RequestContext } from './views.ts';

/** One event; `id` comes back as Last-Event-ID from a client that lost its connection. */
export interface ServerEvent {
  readonly id: string;
  /** One line. */
  readonly data: string;
}

/** Below the minute after which proxies drop a silent answer (nginx's `proxy_read_timeout`). */
const BEAT_MS = 20_000;

/** Clients come back after 1 to 3 seconds, so that those of a worker that stopped do not come at once. */
const RETRY_MS = { least: 1000, spread: 2000 };

const encoder = new TextEncoder();

/**
 * The stream of one client. Only the latest state counts: while a client is slow, an event replaces
 * the one that waits, so a stream never holds more than two. It beats with a comment every 20
 * seconds, and ends when the client leaves, when the worker stops, or by `end`.
 *
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class EventStream {
  /** Aborts when the stream is over, however that came. */
  readonly over: AbortSignal;
  readonly #over = new AbortController();
  readonly #body: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined = undefined;
  #waiting: string | undefined = undefined;
  #lastId: string | undefined;

  /** `lastId` is the id of the event that the client has already. */
  constructor(openEnds: OpenEnds, lastId?: string) {
    this.#lastId = lastId;
    this.over = this.#over.signal;
    this.#body = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#flush(),
      cancel: () => this.#over.abort(),
    });
    const beat = setInterval(() => this.#beat(), BEAT_MS);
    const forget = openEnds.add(() => this.end());
    this.over.addEventListener('abort', () => {
      clearInterval(beat);
      forget();
    });
    const retry = Math.round(RETRY_MS.least + Math.random() * RETRY_MS.spread);
    this.#waiting = `retry: ${retry}\n\n`;
    this.#flush();
  }

  /** Tells the client, unless this is what it was told last. */
  send(event: ServerEvent): void {
    if (this.over.aborted || event.id === this.#lastId) return;
    this.#lastId = event.id;
    this.#waiting = `id: ${event.id}\ndata: ${event.data}\n\n`;
    this.#flush();
  }

  /** Ends the answer. A browser asks again, and is told what it missed. */
  end(): void {
    if (this.over.aborted) return;
    this.#waiting = undefined;
    this.#controller?.close();
    this.#over.abort();
  }

  /** The answer that carries the stream. */
  response(c: RequestContext): Response {
    return c.body(this.#body, 200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      // nginx would keep events back until its buffer is full.
      'X-Accel-Buffering': 'no',
    });
  }

  /** A client that has not taken the last piece yet needs no beat. */
  #beat(): void {
    if (this.#waiting !== undefined || !this.#hasRoom()) return;
    this.#waiting = ':\n\n';
    this.#flush();
  }

  #hasRoom(): boolean {
    return (this.#controller?.desiredSize ?? 0) > 0;
  }

  #flush(): void {
    const text = this.#waiting;
    if (text === undefined || !this.#hasRoom()) return;
    // Before `enqueue`, which calls `pull` where somebody waits, and so this function.
    this.#waiting = undefined;
    this.#controller?.enqueue(encoder.encode(text));
  }
}
