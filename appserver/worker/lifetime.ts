/** Work that outlives its response: a stopping thread waits for it. */
import { inspect } from 'node:util';
import type { ErrorLog } from '../logging/error-log.ts';

/** What applications gave to `waitUntil` and is not done. */
export class Lifetime {
  readonly #log: ErrorLog;
  readonly #pending = new Set<Promise<unknown>>();

  constructor(log: ErrorLog) {
    this.#log = log;
  }

  /** A rejection is logged. */
  waitUntil(work: Promise<unknown>): void {
    const done = Promise.resolve(work)
      .catch((error) => this.#log.error(`Error in waitUntil\n${inspect(error)}`))
      .finally(() => this.#pending.delete(done));
    this.#pending.add(done);
  }

  /** Resolves when nothing is left, what is added meanwhile included. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }
}
