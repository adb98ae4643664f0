/** How long to wait before a worker that cannot become ready is started again. */

export interface BackoffOptions {
  /** After the first failure. */
  readonly firstMs: number;
  /** The delay doubles up to here. */
  readonly mostMs: number;
}

/** 100 ms, 200 ms, ... 10 s. */
export const DEFAULT_BACKOFF: BackoffOptions = { firstMs: 100, mostMs: 10_000 };

/**
 * Exponential delay with a cap, forgotten once a worker is ready. A worker that was ready and ends is
 * no failure of this kind, however soon: nginx and Gunicorn replace it at once, and so do we.
 */
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

  /** Counts a boot that failed and answers the delay before the next one. */
  next(): number {
    const { firstMs, mostMs } = this.#options;
    const delay = Math.min(firstMs * 2 ** this.#failures, mostMs);
    this.#failures += 1;
    return delay;
  }

  /** Forgets the failures: something is known to work again. */
  reset(): void {
    this.#failures = 0;
  }
}
