/** Signs of life: a thread sends them from its event loop, and the arbiter murders who is silent. */

/** What a living thread sends to the arbiter. */
export const HEARTBEAT = 'heartbeat';

/** Gunicorn's workers notify once per second, or twice within a shorter timeout. */
const LONGEST_INTERVAL_MS = 1000;

/** One per thread. */
export class Heartbeat {
  readonly #intervalMs: number;
  readonly #send: (message: unknown) => void;
  #timer: NodeJS.Timeout | undefined = undefined;

  /** `timeoutSeconds` 0 sends nothing. */
  constructor(timeoutSeconds: number, send: (message: unknown) => void) {
    this.#intervalMs = Math.min(LONGEST_INTERVAL_MS, (timeoutSeconds * 1000) / 2);
    this.#send = send;
  }

  start(): void {
    if (this.#intervalMs === 0) return;
    this.#timer = setInterval(() => this.#send(HEARTBEAT), this.#intervalMs);
    this.#timer.unref();
    this.#send(HEARTBEAT);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** What the arbiter heard of one worker process. */
export class Pulse {
  readonly #timeoutMs: number;
  readonly #lastBeats: number[] = [];
  #isSuspect = false;

  constructor(timeoutSeconds: number) {
    this.#timeoutMs = timeoutSeconds * 1000;
  }

  /** A thread gave a sign of life. The time never goes backwards. */
  beat(threadIndex: number, nowMs: number): void {
    this.#lastBeats[threadIndex] = nowMs;
  }

  /**
   * Whether a thread has been silent for too long, seen at two looks in a row: an arbiter that was
   * itself held up (a laptop that slept) first reads the beats that wait for it.
   */
  isLost(nowMs: number): boolean {
    if (this.#timeoutMs === 0) return false;
    const isSilent = this.#lastBeats.some((beat) => nowMs - beat > this.#timeoutMs);
    const isLost = isSilent && this.#isSuspect;
    this.#isSuspect = isSilent;
    return isLost;
  }
}
