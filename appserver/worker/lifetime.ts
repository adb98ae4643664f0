/** A thread's stop as applications hear of it, and the work it waits for then. */
import type { ErrorLog } from '../logging/error-log.ts';
import { showError } from '../logging/show-error.ts';

/** `Gateway.stopping`, and what applications gave to `waitUntil` and is not done. */
export class Lifetime {
  readonly #log: ErrorLog;
  readonly #pending = new Set<Promise<unknown>>();
  readonly #stopping = new AbortController();

  constructor(log: ErrorLog) {
    this.#log = log;
  }

  /** Aborts when the thread begins to stop. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  stop(): void {
    this.#stopping.abort(new DOMException('The worker is stopping', 'AbortError'));
  }

  /** A rejection is logged. */
  waitUntil(work: Promise<unknown>): void {
    const done = Promise.resolve(work)
      .catch((error) => this.#log.error(`Error in waitUntil\n${showError(error)}`))
      .finally(() => this.#pending.delete(done));
    this.#pending.add(done);
  }

  /** Resolves when nothing is left, what is added meanwhile included. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }
}
