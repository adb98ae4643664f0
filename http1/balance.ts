/**
 * Even shares of keep-alive connections for threads that accept from one socket.
 *
 * The kernel wakes one waiting thread as it likes; without help one of two held 47 of 50
 * connections. A thread that holds clearly more than the least loaded one lets the others accept.
 */

/** Counts of open connections, one slot per thread; -1 where a thread does not accept. */
export interface ThreadBalance {
  readonly counts: Int32Array;
  /** This thread's slot. */
  readonly index: number;
}

/** How long a thread that yields waits unless one of its connections closes before. */
export const balancePauseMs = 2;

/** Connections a thread may be ahead, beside an eighth of the least loaded thread's. */
const SLACK = 4;

/** Memory for `ThreadBalance.counts`; all threads count as not accepting until they say so. */
export function createBalanceCounts(threads: number): Int32Array {
  const counts = new Int32Array(new SharedArrayBuffer(threads * Int32Array.BYTES_PER_ELEMENT));
  return counts.fill(-1);
}

/** Whether a thread with `active` connections should stop accepting for a moment. */
export function mustYield(balance: ThreadBalance, active: number): boolean {
  const { counts, index } = balance;
  let least = Number.MAX_SAFE_INTEGER;
  for (let i = 0; i < counts.length; i++) {
    const count = Atomics.load(counts, i);
    if (i !== index && count >= 0 && count < least) least = count;
  }
  return active > least + SLACK + (least >> 3);
}
