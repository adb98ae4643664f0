/** max_requests: counts the requests of a worker process over all its threads. */

/** One per thread; the count is shared. */
export class Quota {
  readonly #count: Int32Array;
  readonly #limit: number;
  readonly #reached: () => void;

  /** `reached` is called once per process, in the thread whose request it was. */
  constructor(memory: SharedArrayBuffer, limit: number, reached: () => void) {
    this.#count = new Int32Array(memory);
    this.#limit = limit;
    this.#reached = reached;
  }

  /** A request has begun. */
  add(): void {
    if (Atomics.add(this.#count, 0, 1) + 1 === this.#limit) this.#reached();
  }
}
