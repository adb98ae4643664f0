/**
 * Timeouts for thousands of connections: arming, arming again and disarming cost a few
 * nanoseconds and no allocation, since the object that waits is itself the list node.
 *
 *   Timers ── Map: 60000 ──> list: a <-> b <-> c     (60 s, earliest first)
 *                   5000 ──> list: d <-> e           ( 5 s, earliest first)
 *
 * Within one duration, whoever is armed last is due last, so arming appends and only the heads are
 * looked at. One timer of Node's runs for all of them.
 */
import { type TimeSource, threadClock } from './clock.ts';
import { reportFault } from './fault.ts';
import { enterTurn, leaveTurn } from './turn.ts';

/** Timeouts are not told apart more finely than this; they come late, never early. */
const GRANULARITY_MS = 20;

/** Something that may wait for one timeout at a time. */
export abstract class Timeout {
  /** @internal */ timerPrevious: Timeout | undefined = undefined;
  /** @internal */ timerNext: Timeout | undefined = undefined;
  /** @internal */ timerList: TimeoutList | undefined = undefined;
  /** @internal */ timerDueAt = 0;

  /** The time armed has passed. It is disarmed already and may be armed again. */
  abstract timedOut(): void;

  /** `timedOut` threw `error`: ends whatever waited for it. Must not throw. */
  threw(error: unknown): void {
    reportFault(error);
  }
}

class TimeoutList {
  readonly ms: number;
  head: Timeout | undefined = undefined;
  tail: Timeout | undefined = undefined;

  constructor(ms: number) {
    this.ms = ms;
  }

  append(timeout: Timeout): void {
    timeout.timerList = this;
    timeout.timerPrevious = this.tail;
    timeout.timerNext = undefined;
    if (this.tail === undefined) this.head = timeout;
    else this.tail.timerNext = timeout;
    this.tail = timeout;
  }

  remove(timeout: Timeout): void {
    const { timerPrevious, timerNext } = timeout;
    if (timerPrevious === undefined) this.head = timerNext;
    else timerPrevious.timerNext = timerNext;
    if (timerNext === undefined) this.tail = timerPrevious;
    else timerNext.timerPrevious = timerPrevious;
    timeout.timerList = undefined;
    timeout.timerPrevious = undefined;
    timeout.timerNext = undefined;
  }
}

/** The timeouts of a thread; see `threadTimers`. They do not keep the process alive. */
export class Timers {
  readonly clock: TimeSource;
  readonly #lists = new Map<number, TimeoutList>();
  /** The list used last, -1 where it is no list of the map. */
  #recent = new TimeoutList(-1);
  #timer: NodeJS.Timeout | undefined = undefined;
  #tickAt = Number.POSITIVE_INFINITY;

  constructor(clock: TimeSource) {
    this.clock = clock;
  }

  /** Calls `timeout.timedOut()` in `ms` milliseconds, in place of what it was armed for before. */
  arm(timeout: Timeout, ms: number): void {
    const { timerList } = timeout;
    if (timerList !== undefined) timerList.remove(timeout);
    const list = this.#recent.ms === ms ? this.#recent : this.#listFor(ms);
    const dueAt = this.clock.monotonic + ms;
    timeout.timerDueAt = dueAt;
    list.append(timeout);
    if (dueAt < this.#tickAt) this.#tickAtLatest(dueAt);
  }

  /** Takes back an `arm`; does nothing where there was none. */
  disarm(timeout: Timeout): void {
    const { timerList } = timeout;
    if (timerList !== undefined) timerList.remove(timeout);
  }

  #listFor(ms: number): TimeoutList {
    let list = this.#lists.get(ms);
    if (list === undefined) {
      list = new TimeoutList(ms);
      this.#lists.set(ms, list);
    }
    this.#recent = list;
    return list;
  }

  #tickAtLatest(dueAt: number): void {
    clearTimeout(this.#timer);
    const delay = Math.max(Math.ceil(dueAt - this.clock.monotonic), 0) + GRANULARITY_MS;
    this.#tickAt = this.clock.monotonic + delay;
    // Longer waits than Node's timers know are cut into pieces.
    this.#timer = setTimeout(() => this.tick(), Math.min(delay, 0x7fffffff));
    this.#timer.unref();
  }

  /** Calls what is due. Runs by itself; tests with a clock of their own call it. */
  tick(): void {
    this.clock.refresh();
    this.#tickAt = Number.POSITIVE_INFINITY;
    const now = this.clock.monotonic;
    let earliest = Number.POSITIVE_INFINITY;
    enterTurn();
    try {
      for (const list of this.#lists.values()) {
        while (list.head !== undefined && list.head.timerDueAt <= now) {
          const timeout = list.head;
          list.remove(timeout);
          try {
            timeout.timedOut();
          } catch (error) {
            timeout.threw(error);
          }
        }
      }
    } finally {
      leaveTurn();
      for (const list of this.#lists.values()) {
        if (list.head === undefined) this.#drop(list);
        else if (list.head.timerDueAt < earliest) earliest = list.head.timerDueAt;
      }
      if (earliest < this.#tickAt) this.#tickAtLatest(earliest);
    }
  }

  #drop(list: TimeoutList): void {
    this.#lists.delete(list.ms);
    if (this.#recent === list) this.#recent = new TimeoutList(-1);
  }
}

/** The timeouts of this thread. */
export const threadTimers: Timers = new Timers(threadClock);
