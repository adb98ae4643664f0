/**
 * Joins writes: what one event makes several callers write to one socket leaves in one system call
 * when the event has been dealt with.
 *
 * Socket callbacks and timers stand between `enterTurn` and `leaveTurn`; the outermost `leaveTurn`
 * flushes. What is written outside of any turn (a promise, a timer of the application) is flushed
 * on the next tick.
 */

/** Has something to write. */
export interface Flushable {
  /** Writes it; may ask for another flush. */
  flush(): void;
  /** `flush` threw `error`: ends whoever was to be written to. Must not throw. */
  threw(error: unknown): void;
}

let depth = 0;
let isTickAsked = false;
/** Filled up to `count`; slots are used again, since shrinking an array costs more than a flush. */
let waiting: (Flushable | undefined)[] = [];
let count = 0;
let spare: (Flushable | undefined)[] = [];

/** Begins a turn, or a turn within a turn. Must be followed by `leaveTurn`, whatever is thrown. */
export function enterTurn(): void {
  depth++;
}

/** Ends a turn; the outermost one flushes. */
export function leaveTurn(): void {
  try {
    if (depth === 1 && count !== 0) flushAll();
  } finally {
    depth--;
  }
}

/** Flushes `flushable` at the end of this turn, or on the next tick where there is none. */
export function flushLater(flushable: Flushable): void {
  waiting[count++] = flushable;
  if (depth === 0 && !isTickAsked) {
    isTickAsked = true;
    process.nextTick(flushOutsideOfTurn);
  }
}

function flushOutsideOfTurn(): void {
  isTickAsked = false;
  enterTurn();
  leaveTurn();
}

function flushAll(): void {
  while (count !== 0) {
    const list = waiting;
    const end = count;
    waiting = spare;
    spare = list;
    count = 0;
    for (let i = 0; i < end; i++) {
      const flushable = list[i]!;
      list[i] = undefined;
      try {
        flushable.flush();
      } catch (error) {
        flushable.threw(error);
      }
    }
  }
}
