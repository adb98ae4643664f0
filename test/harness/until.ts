/** Waits for what a test expects, by its condition and not by time. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { inspect, isDeepStrictEqual } from 'node:util';

/** What only a failure takes: a machine is never that busy. The runner's own patience is twice that. */
export const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 5;

/**
 * Looks again and again until what `look` gives passes `isEnough`, and returns that. Rejects with
 * what it saw last, and with `what` was waited for. Whoever asserts right after an answer what a log,
 * a file, a counter or a process says goes through here: an answer leaves before its line is written.
 *
 * To show that something did not happen, wait for what comes after it in the same place.
 */
export async function until<T>(
  look: () => T | Promise<T>,
  isEnough: (seen: T) => boolean = Boolean,
  what = `${isEnough} of ${look}`,
): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (isEnough(seen)) return seen;
    if (performance.now() > deadline) {
      const found = typeof seen === 'string' ? seen : inspect(seen, { maxArrayLength: null });
      throw new Error(`waited in vain for ${what}; there is\n${found}`);
    }
    await pause(LOOK_EVERY_MS);
  }
}

/**
 * Looks at both until they are the same, and returns that: of two logs that several processes write,
 * no line says that all are there. Rejects with what differs.
 */
export async function untilSame<T>(
  ours: () => T | Promise<T>,
  theirs: () => T | Promise<T>,
): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const [one, other] = [await ours(), await theirs()];
    if (!isDeepStrictEqual(one, other) && performance.now() < deadline) await pause(LOOK_EVERY_MS);
    else {
      assert.deepEqual(one, other);
      return one;
    }
  }
}
