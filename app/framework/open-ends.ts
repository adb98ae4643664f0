/** Answers without an end of their own, which end with the worker: streams of events, WebSockets. */

import type { RequestContext } from './views.ts';

/** One answer. The function ends it; it may be called for one that is over. */
type End = () => void;

/** More of them than this leave a worker too few connections for everything else. */
const MOST = 500;

/** The open answers of a site. */
export class OpenEnds {
  readonly #ends = new Set<End>();
  #isClosed = false;

  /** Whether another one may be opened: there are less than 500, and the worker is not stopping. */
  get hasRoom(): boolean {
    return !this.#isClosed && this.#ends.size < MOST;
  }

  get size(): number {
    return this.#ends.size;
  }

  /** Keeps `end` for the stop of the worker. The answer forgets it: call it when it is over. */
  add(end: End): () => void {
    this.#ends.add(end);
    return () => this.#ends.delete(end);
  }

  /** Ends all that is open; nothing has room afterwards. */
  closeAll(): void {
    this.#isClosed = true;
    for (const end of this.#ends) end();
  }
}

/** What one too many is answered: come back later. */
export function refuseOpenEnd(c: RequestContext): Response {
  return c.body(null, 503, { 'Retry-After': '30' });
}
