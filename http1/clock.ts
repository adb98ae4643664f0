/**
 * The time, read from the system once per event rather than once per question.
 *
 * nginx caches the time once per turn of its event loop (ngx_time_update); here every socket
 * callback refreshes the thread's clock, and a timer does so while it is being asked and no socket
 * speaks. When nobody has asked for a while the timer stops, and the next question reads the system.
 */
import { imfFixdate } from '../wire/date.ts';

/** How old an answer may be where no event refreshed the clock. */
const TICK_MS = 100;
/** Ticks without a refresh after which the timer stops. */
const QUIET_TICKS = 5;

/** What asks for the time uses; a test may answer with a time of its own. */
export interface TimeSource {
  /** Epoch milliseconds, a whole number. */
  readonly now: number;
  /** Milliseconds that never go backwards, for timeouts. */
  readonly monotonic: number;
  /** `now` as an IMF-fixdate (RFC 9110 5.6.7), as the Date field has it. */
  readonly date: string;
  /** Reads the system's clock. */
  refresh(): void;
}

/** The coarse clock of a thread; see `threadClock`. */
export class Clock implements TimeSource {
  #monotonic = 0;
  #now = 0;
  #epochOffset = 0;
  #date = '';
  #dateEndsAt = 0;
  #isTicking = false;
  #quietTicks = 0;

  get now(): number {
    if (!this.#isTicking) this.#start();
    return this.#now;
  }

  get monotonic(): number {
    if (!this.#isTicking) this.#start();
    return this.#monotonic;
  }

  get date(): string {
    if (!this.#isTicking) this.#start();
    const now = this.#now;
    // The second bound serves a system clock that was set back.
    if (now >= this.#dateEndsAt || now < this.#dateEndsAt - 1000) {
      this.#date = imfFixdate(now / 1000);
      this.#dateEndsAt = now - (now % 1000) + 1000;
    }
    return this.#date;
  }

  refresh(): void {
    this.#quietTicks = 0;
    if (this.#isTicking) this.#read();
    else this.#start();
  }

  #read(): void {
    const monotonic = performance.now();
    this.#monotonic = monotonic;
    this.#now = Math.floor(this.#epochOffset + monotonic);
  }

  #start(): void {
    this.#isTicking = true;
    this.#quietTicks = 0;
    this.#synchronise();
    setTimeout(tick, TICK_MS, this).unref();
  }

  /** Follows steps and drift of the system's clock. */
  #synchronise(): void {
    this.#epochOffset = Date.now() - performance.now();
    this.#read();
  }

  /** @internal called by the timer; returns whether the timer goes on. */
  tick(): boolean {
    this.#quietTicks++;
    this.#isTicking = this.#quietTicks < QUIET_TICKS;
    if (this.#isTicking) this.#synchronise();
    return this.#isTicking;
  }
}

function tick(clock: Clock): void {
  if (clock.tick()) setTimeout(tick, TICK_MS, clock).unref();
}

/** The clock of this thread. Every socket of `socket.ts` refreshes it. */
export const threadClock: Clock = new Clock();
