/** Reads a stream of events as a browser does: fields, and an event at each empty line. */

import assert from 'node:assert/strict';

export interface ReceivedEvent {
  readonly id: string;
  readonly data: unknown;
}

/** The events of one answer, in order. Whoever opens it calls `leave`. */
export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = '';

  constructor(response: Response) {
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/event-stream');
    assert.ok(response.body !== null);
    this.#reader = response.body.getReader();
  }

  /** The next block: the lines up to an empty line; undefined at the end of the answer. */
  async block(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end !== -1) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        return block;
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  /** The next event; undefined at the end of the answer. */
  async event(): Promise<ReceivedEvent | undefined> {
    for (;;) {
      const block = await this.block();
      if (block === undefined) return undefined;
      const fields = Object.fromEntries(
        block.split('\n').map((line) => [line.split(': ', 1)[0], line.replace(/^[^:]*: ?/, '')]),
      );
      if (fields['data'] === undefined) continue;
      return { id: fields['id'] ?? '', data: JSON.parse(fields['data']) };
    }
  }

  /** Events up to the first for which `isWanted`; rejects where the answer ends before. */
  async until(isWanted: (data: unknown) => boolean): Promise<ReceivedEvent> {
    for (;;) {
      const event = await this.event();
      assert.ok(event !== undefined, 'the stream ended');
      if (isWanted(event.data)) return event;
    }
  }

  leave(): Promise<void> {
    return this.#reader.cancel();
  }
}
