/**
 * A lock among the threads of one process, in one word of shared memory: 0, or the holder's number.
 *
 * What it guards takes microseconds and never waits, so a thread that meets it held spins, then
 * sleeps for a moment and looks again; nobody is woken. A thread that is terminated leaves its locks
 * held: whoever finds that the holder has ended takes the lock over.
 */

const SPINS = 100;
/** Sleep between looks, in milliseconds. */
const PAUSE_MS = 0.1;

/** Who a thread is among its siblings. */
export interface LockOwner {
  /** From 0. */
  readonly threadIndex: number;
  /** One word per thread: 1 once it has ended. */
  readonly ended: Int32Array<SharedArrayBuffer>;
}

/**
 * Takes the lock in `words[at]`. False where it was taken from a thread that ended with it: what it
 * guards may be half written.
 */
export function acquire(
  words: Int32Array<SharedArrayBuffer>,
  at: number,
  { threadIndex, ended }: LockOwner,
): boolean {
  const own = threadIndex + 1;
  for (let tries = 0; ; tries++) {
    const holder = Atomics.compareExchange(words, at, 0, own);
    if (holder === 0) return true;
    if (tries < SPINS) continue;
    const isLeft = Atomics.load(ended, holder - 1) === 1;
    if (isLeft && Atomics.compareExchange(words, at, holder, own) === holder) return false;
    Atomics.wait(words, at, holder, PAUSE_MS);
  }
}

/** Gives back what `acquire` took. */
export function release(words: Int32Array<SharedArrayBuffer>, at: number): void {
  Atomics.store(words, at, 0);
}
