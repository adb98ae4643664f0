/** How long to wait before a worker that keeps dying is started again. */

export interface BackoffOptions {
  /** After the first failure. */
  readonly firstMs: number;
  /** The delay doubles up to here. */
  readonly mostMs: number;
  /** Whoever lived this long was well: the next death starts from nothing. */
  readonly stableMs: number;
}

/** 100 ms, 200 ms, ... 10 s; a worker that lived 10 s is replaced at once. */
export const DEFAULT_BACKOFF: BackoffOptions = { firstMs: 100, mostMs: 10_000, stableMs: 10_000 };

/** Exponential delay with a cap, forgotten after a stable time. */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions = DEFAULT_BACKOFF) {
    this.#options = options;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Counts a death after `livedMs` and answers the delay before the next start, 0 after a stable life. */
  delayAfter(livedMs: number): number {
    const { firstMs, mostMs, stableMs } = this.#options;
    if (livedMs >= stableMs) {
      this.#failures = 0;
      return 0;
    }
    const delay = Math.min(firstMs * 2 ** this.#failures, mostMs);
    this.#failures += 1;
    return delay;
  }

  /** Forgets the failures: something is known to work again. */
  reset(): void {
    this.#failures = 0;
  }
}
