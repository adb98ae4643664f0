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
  /** Per thread: the count at the last look, and how many looks it has stood there. */
  readonly #counts: number[];
  readonly #looks: number[];

  constructor(ticks: Ticks, patience: Patience) {
    const intervalMs = lookIntervalMs(patience);
    this.#ticks = ticks;
    this.#silentLooks = Math.ceil(patience.silenceMs / intervalMs);
    this.#bootLooks = Math.ceil(patience.bootMs / intervalMs);
    this.#counts = Array.from({ length: ticks.threadCount }, () => 0);
    this.#looks = Array.from({ length: ticks.threadCount }, () => 0);
  }

  /** One look; answers a thread that has stood still beyond patience, each once, or -1. */
  look(): number {
    let found = -1;
    for (let index = 0; index < this.#counts.length; index += 1) {
      if (this.#isStill(index)) found = index;
    }
    return found;
  }

  #isStill(index: number): boolean {
    const stage = this.#ticks.stageOf(index);
    const count = this.#ticks.countOf(index);
    if (stage === STAGE_ENDED || count !== this.#counts[index]) {
      this.#counts[index] = count;
      this.#looks[index] = 0;
      return false;
    }
    this.#looks[index]! += 1;
    const limit = stage === STAGE_SERVING ? this.#silentLooks : this.#bootLooks;
    // Beyond the limit by exactly one look: reported once.
    return this.#looks[index] === limit + 1;
  }
}
