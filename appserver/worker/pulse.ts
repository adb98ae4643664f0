/** What the arbiter hears of one worker process, and when that is too little. */

/** Time for the watchdog of the process to do it better: it knows where the thread hangs. */
const WATCHDOG_MS = 4000;

/** Milliseconds; 0 never ends a worker. */
export interface Patience {
  /** Between two signs of life of a thread that serves. */
  readonly silenceMs: number;
  /** Before a worker is ready. */
  readonly bootMs: number;
}

/** One per worker process, from its spawn on. The time never goes backwards. */
export class Pulse {
  readonly #patience: Patience;
  readonly #spawnedMs: number;
  readonly #lastBeats = new Map<number, number>();
  #hasBeaten = false;
  #isSuspect = false;

  constructor(patience: Patience, nowMs: number) {
    this.#patience = patience;
    this.#spawnedMs = nowMs;
  }

  /** A thread gave a sign of life. */
  beat(threadIndex: number, nowMs: number): void {
    this.#hasBeaten = true;
    this.#lastBeats.set(threadIndex, nowMs);
  }

  /** A thread has ended, with or without a last word. */
  forget(threadIndex: number): void {
    this.#lastBeats.delete(threadIndex);
  }

  /** Whether a thread has been silent beyond patience: a worker killed now was killed for that. */
  isSilent(nowMs: number): boolean {
    return this.#isBeyond(nowMs, 0);
  }

  /**
   * Whether the arbiter must end it, because nobody did: seen at two looks in a row, since an
   * arbiter that was itself held up (a laptop that slept) first reads the beats that wait for it.
   */
  isLost(nowMs: number): boolean {
    const isSilent = this.#isBeyond(nowMs, WATCHDOG_MS);
    const isLost = isSilent && this.#isSuspect;
    this.#isSuspect = isSilent;
    return isLost;
  }

  #isBeyond(nowMs: number, moreMs: number): boolean {
    const { silenceMs, bootMs } = this.#patience;
    if (silenceMs === 0) return false;
    if (!this.#hasBeaten) return nowMs - this.#spawnedMs > bootMs + moreMs;
    for (const beat of this.#lastBeats.values()) {
      if (nowMs - beat > silenceMs + moreMs) return true;
    }
    return false;
  }
}
