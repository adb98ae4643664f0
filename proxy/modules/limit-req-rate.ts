/**
 * The leaky bucket of limit_req: how far a key is beyond its rate, kept in a shared zone. Rates and
 * excesses are thousandths of a request, times are milliseconds, as in nginx
 * (`ngx_http_limit_req_lookup`, `ngx_http_limit_req_account`).
 */

import type { Value } from '../http/script.ts';
import type { SharedZone } from '../http/shared-zones.ts';

/** Idle this long, an entry whose excess has leaked away may go. */
const IDLE_MS = 60_000;

/** What a request meets at one zone. */
export const PASSED = 0;
/** Within the burst; counted when all other zones have let it pass. */
export const HELD = 1;
export const BEYOND_BURST = 2;
export const NO_MEMORY = 3;

/** One limit_req_zone. */
export class RateZone {
  readonly zone: SharedZone;
  readonly keyWord: string;
  /** Thousandths of a request in a second. */
  readonly rate: number;
  key: Value | undefined = undefined;
  /** Of the request that was looked at last. */
  excess = 0;
  private held = 0;
  private heldEpoch = 0;

  constructor(zone: SharedZone, keyWord: string, rate: number) {
    this.zone = zone;
    this.keyWord = keyWord;
    this.rate = rate;
  }

  /** Looks at a request; `counts` where no other zone follows, else it is held until `settle`. */
  look(key: string, now: number, burst: number, counts: boolean): number {
    const { memory } = this.zone;
    memory.lock();
    try {
      const cell = memory.find(key);
      return cell === 0 ? this.begin(key, now, counts) : this.meet(cell, now, burst, counts);
    } finally {
      memory.unlock();
    }
  }

  private meet(cell: number, now: number, burst: number, counts: boolean): number {
    const { memory } = this.zone;
    memory.touch(cell);
    this.excess = this.excessAt(cell, now);
    if (this.excess > burst) return BEYOND_BURST;
    if (counts) {
      this.write(cell, now);
      return PASSED;
    }
    this.hold(cell);
    return HELD;
  }

  private begin(key: string, now: number, counts: boolean): number {
    const { memory } = this.zone;
    this.excess = 0;
    this.expire(now, 1);
    let cell = memory.insert(key);
    if (cell === 0) {
      this.expire(now, 0);
      cell = memory.insert(key);
    }
    if (cell === 0) return NO_MEMORY;
    memory.setExcess(cell, 0);
    memory.setLast(cell, counts ? now : 0);
    if (counts) return PASSED;
    this.hold(cell);
    return HELD;
  }

  /** Counts the request that is held here; false where none is. Then `excess` is its own. */
  settle(now: number): boolean {
    return this.letGo((cell) => {
      this.excess = this.excessAt(cell, now);
      this.write(cell, now);
    });
  }

  /** Forgets the request that is held here: another zone has refused it. */
  forget(): void {
    this.letGo(() => {});
  }

  private hold(cell: number): void {
    const { memory } = this.zone;
    memory.setCount(cell, memory.count(cell) + 1);
    this.held = cell;
    this.heldEpoch = memory.epoch;
  }

  private letGo(act: (cell: number) => void): boolean {
    const { memory } = this.zone;
    const cell = this.held;
    this.held = 0;
    if (cell === 0) return false;
    memory.lock();
    try {
      if (memory.epoch !== this.heldEpoch) return false;
      act(cell);
      memory.setCount(cell, memory.count(cell) - 1);
      return true;
    } finally {
      memory.unlock();
    }
  }

  private excessAt(cell: number, now: number): number {
    const { memory } = this.zone;
    const passedMs = elapsed(memory.last(cell), now);
    return Math.max(0, memory.excess(cell) - Math.floor((this.rate * passedMs) / 1000) + 1000);
  }

  private write(cell: number, now: number): void {
    const { memory } = this.zone;
    if (elapsed(memory.last(cell), now) !== 0) memory.setLast(cell, now);
    memory.setExcess(cell, this.excess);
  }

  /**
   * ngx_http_limit_req_expire: `from` 1 lets up to two idle entries go, 0 also the oldest, idle or
   * not. One that holds a request stays, and those newer than it.
   */
  private expire(now: number, from: 0 | 1): void {
    const { memory } = this.zone;
    for (let n: number = from; n < 3; n++) {
      const cell = memory.oldest;
      if (cell === 0 || memory.count(cell) !== 0) return;
      if (n !== 0 && !this.isIdle(cell, now)) return;
      memory.remove(cell);
    }
  }

  private isIdle(cell: number, now: number): boolean {
    const { memory } = this.zone;
    const passedMs = Math.abs(now - memory.last(cell));
    return passedMs >= IDLE_MS && memory.excess(cell) <= Math.floor((this.rate * passedMs) / 1000);
  }
}

/** A clock that was set back a little stands still; far back, it goes on from there. */
function elapsed(last: number, now: number): number {
  const passedMs = now - last;
  if (passedMs < -IDLE_MS) return 1;
  return Math.max(passedMs, 0);
}
