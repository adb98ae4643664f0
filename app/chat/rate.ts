/** How fast one client may speak: a few messages at once, then one every two seconds. */

const BURST = 5;
const REFILL_MS = 2000;

/** So many refusals without a message between them are no person any more. */
const MOST_REFUSALS = 20;

/** What becomes of a message. */
export type RateVerdict = 'pass' | 'refuse' | 'abuse';

/** The rate of one client. */
export class Rate {
  readonly #clock: () => number;
  #left = BURST;
  #at: number;
  #refusals = 0;

  /** `clock` gives milliseconds that only grow. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
    this.#at = clock();
  }

  /** Counts a message and judges it. */
  next(): RateVerdict {
    const now = this.#clock();
    this.#left = Math.min(BURST, this.#left + (now - this.#at) / REFILL_MS);
    this.#at = now;
    if (this.#left >= 1) {
      this.#left -= 1;
      this.#refusals = 0;
      return 'pass';
    }
    this.#refusals += 1;
    return this.#refusals > MOST_REFUSALS ? 'abuse' : 'refuse';
  }
}
