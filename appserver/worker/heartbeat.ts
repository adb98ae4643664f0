/**
 * Signs of life. A thread ticks in memory that it shares with the watchdog of its process, which
 * knows where it hangs (watch.ts); and it sends beats to the arbiter, which murders what no
 * watchdog could end.
 */

/** What a living thread sends to the arbiter. */
export const HEARTBEAT = 'heartbeat';
/** The last thing it sends: from now on silence means nothing. */
export const LAST_HEARTBEAT = 'last heartbeat';

/** Gunicorn's workers notify once per second, or twice within a shorter timeout. */
const LONGEST_INTERVAL_MS = 1000;

/** How far a thread has come. */
export const STAGE_LOADING = 0;
export const STAGE_STARTUP = 1;
export const STAGE_SERVING = 2;
export const STAGE_ENDED = 3;

/** Per thread: its stage, then its count of ticks. */
const SLOTS = 2;

/** Bytes of shared memory for the ticks of so many threads. */
export function ticksBytes(threads: number): number {
  return threads * SLOTS * Int32Array.BYTES_PER_ELEMENT;
}

/** The memory that the threads of a worker and its watchdog share; zeroed, all are loading. */
export class Ticks {
  readonly #slots: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#slots = new Int32Array(memory);
  }

  get threadCount(): number {
    return this.#slots.length / SLOTS;
  }

  stageOf(threadIndex: number): number {
    return Atomics.load(this.#slots, threadIndex * SLOTS);
  }

  enter(threadIndex: number, stage: number): void {
    Atomics.store(this.#slots, threadIndex * SLOTS, stage);
  }

  countOf(threadIndex: number): number {
    return Atomics.load(this.#slots, threadIndex * SLOTS + 1);
  }

  tick(threadIndex: number): void {
    Atomics.add(this.#slots, threadIndex * SLOTS + 1, 1);
  }
}

/** One per thread. */
export class Heartbeat {
  readonly #ticks: Ticks;
  readonly #threadIndex: number;
  readonly #intervalMs: number;
  readonly #send: (message: unknown) => void;
  #timer: NodeJS.Timeout | undefined = undefined;

  /** `timeoutSeconds` 0 sends nothing. */
  constructor(
    ticks: Ticks,
    threadIndex: number,
    timeoutSeconds: number,
    send: (message: unknown) => void,
  ) {
    this.#ticks = ticks;
    this.#threadIndex = threadIndex;
    this.#intervalMs = Math.min(LONGEST_INTERVAL_MS, (timeoutSeconds * 1000) / 2);
    this.#send = send;
  }

  /** The thread begins to load: it ticks while its event loop turns. */
  start(): void {
    if (this.#intervalMs === 0) return;
    this.#timer = setInterval(() => this.#ticks.tick(this.#threadIndex), this.#intervalMs);
    this.#timer.unref();
  }

  /** The application is loaded, its `startup` runs. */
  enterStartup(): void {
    this.#ticks.enter(this.#threadIndex, STAGE_STARTUP);
  }

  /** The thread accepts: from now on it beats. */
  enterServing(): void {
    clearInterval(this.#timer);
    if (this.#intervalMs > 0) {
      this.#timer = setInterval(() => this.#beat(), this.#intervalMs);
      this.#timer.unref();
      this.#beat();
    }
    // After a tick: the silence of a long load is no silence of a thread that serves.
    this.#ticks.enter(this.#threadIndex, STAGE_SERVING);
  }

  #beat(): void {
    this.#ticks.tick(this.#threadIndex);
    this.#send(HEARTBEAT);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#ticks.enter(this.#threadIndex, STAGE_ENDED);
    if (this.#intervalMs > 0) this.#send(LAST_HEARTBEAT);
  }
}
