/** Which threads stand still: looks at their ticks at even intervals. Reads no clock. */
import { STAGE_ENDED, STAGE_SERVING, type Ticks } from './heartbeat.ts';
import type { Patience } from './pulse.ts';

const LONGEST_LOOK_MS = 1000;
const LOOKS_PER_SILENCE = 4;

/** How often to look, for a patience above 0. */
export function lookIntervalMs({ silenceMs }: Patience): number {
  return Math.min(LONGEST_LOOK_MS, silenceMs / LOOKS_PER_SILENCE);
}

/**
 * Time is counted in looks: where the whole process was held (a stopped container, a laptop that
 * slept), nobody looked, and nobody is to blame.
 */
export class StallDetector {
  readonly #ticks: Ticks;
  readonly #silentLooks: number;
  readonly #bootLooks: number;
  #looks = 0;
  /** Per thread: the count at the last look, and how many looks it has stood there. */
  readonly #counts: number[];
  readonly #stillLooks: number[];

  constructor(ticks: Ticks, patience: Patience) {
    const intervalMs = lookIntervalMs(patience);
    this.#ticks = ticks;
    this.#silentLooks = Math.ceil(patience.silenceMs / intervalMs);
    this.#bootLooks = Math.ceil(patience.bootMs / intervalMs);
    this.#counts = Array.from({ length: ticks.threadCount }, () => 0);
    this.#stillLooks = Array.from({ length: ticks.threadCount }, () => 0);
  }

  /**
   * One look; answers a thread that serves and has been still for too long, or that is not ready
   * after too long, or -1. Each is found once.
   */
  look(): number {
    this.#looks += 1;
    let found = -1;
    for (let index = 0; index < this.#counts.length; index += 1) {
      const stage = this.#ticks.stageOf(index);
      if (stage === STAGE_ENDED) continue;
      this.#count(index);
      const isOver =
        stage === STAGE_SERVING
          ? this.#stillLooks[index] === this.#silentLooks + 1
          : this.#looks === this.#bootLooks + 1;
      if (isOver) found = index;
    }
    return found;
  }

  /** Whether the event loop of a thread turns: one that boots may wait for something else. */
  isTurning(threadIndex: number): boolean {
    return (this.#stillLooks[threadIndex] ?? 0) < this.#silentLooks;
  }

  #count(index: number): void {
    const count = this.#ticks.countOf(index);
    if (count === this.#counts[index]) this.#stillLooks[index]! += 1;
    else this.#stillLooks[index] = 0;
    this.#counts[index] = count;
  }
}
