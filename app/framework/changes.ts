/**
 * Word of changes in the database, whichever process made them: SQLite is asked for its version,
 * PostgreSQL tells. One watch serves all listeners of a process, and only while there are any.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { watchPostgres } from './changes-postgres.ts';
import { watchSqlite } from './changes-sqlite.ts';
import { isPostgresUrl } from './database.ts';
import { reasonOf } from './errors.ts';

/** Called after something may have changed; it looks for itself what did. */
export type ChangeListener = () => void | Promise<void>;

/** Whom a watch tells what it sees. */
export interface WatchReport {
  changed(): void;
  /** The watch is broken and sees nothing more. */
  lost(error: unknown): void;
}

/** Begins to watch the database at `place`. The answer ends it; it rejects where it cannot begin. */
export type Watch = (place: string, report: WatchReport) => Promise<() => void | Promise<void>>;

/** Listeners are called at most so often, in milliseconds: a storm of votes costs them no more. */
const GAP_MS = 200;

/** How long a broken watch rests before it begins again: doubled each time, up to the longest. */
const FIRST_REST_MS = 1000;
const LONGEST_REST_MS = 30_000;

/**
 * Tells listeners of changes. Whoever begins to listen, and then reads, misses nothing: what was
 * written before a watch began, or while it was broken, counts as a change when it begins.
 */
export class Changes {
  readonly #place: string;
  readonly #watch: Watch;
  readonly #listeners = new Set<ChangeListener>();
  /** Ends the present watch; a watch is there exactly while somebody listens. */
  #ending: AbortController | undefined = undefined;
  #isDirty = false;
  /** The calls of the latest round. */
  #calls: Promise<readonly PromiseSettledResult<void>[]> = Promise.resolve([]);
  #isTelling = false;

  constructor(place: string, watch: Watch = isPostgresUrl(place) ? watchPostgres : watchSqlite) {
    this.#place = place;
    this.#watch = watch;
  }

  /**
   * Calls `listener` after each change; changes that come close together are one. It is not called
   * again before its promise is settled; where that rejects, it is logged and tried again. The
   * answer ends it.
   */
  listen(listener: ChangeListener): () => void {
    // A function of its own: the same listener may be there twice.
    const own: ChangeListener = () => listener();
    this.#listeners.add(own);
    if (this.#ending === undefined) {
      this.#ending = new AbortController();
      void this.#keepWatch(this.#ending.signal);
    }
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.#end();
    };
  }

  /**
   * Calls the listeners as if something had changed. Whoever serves a newcomer by it reads the state
   * for all in one order, so that nobody is told an older one after a newer one.
   */
  nudge(): void {
    this.#isDirty = true;
    if (!this.#isTelling) void this.#tell();
  }

  /** Ends everything. Nobody is called any more, and calls under way have come to their end. */
  async close(): Promise<void> {
    this.#listeners.clear();
    this.#end();
    await this.#calls;
  }

  #end(): void {
    this.#ending?.abort();
    this.#ending = undefined;
  }

  /** Watches until `ending` aborts, again after each failure. */
  async #keepWatch(ending: AbortSignal): Promise<void> {
    for (let rest = FIRST_REST_MS; !ending.aborted; rest = Math.min(2 * rest, LONGEST_REST_MS)) {
      const error = await this.#watchOnce(ending, () => {
        rest = FIRST_REST_MS;
      });
      if (ending.aborted) return;
      console.error(
        `no word of changes from the database, again in ${rest} ms: ${reasonOf(error)}`,
      );
      await pause(rest, ending);
    }
  }

  /** One watch, from its beginning until it breaks or `ending` aborts; gives what broke it. */
  async #watchOnce(ending: AbortSignal, begun: () => void): Promise<unknown> {
    const { promise: over, resolve: end } = Promise.withResolvers<unknown>();
    const onAbort = (): void => end(undefined);
    ending.addEventListener('abort', onAbort);
    try {
      const stop = await this.#watch(this.#place, { changed: () => this.nudge(), lost: end });
      begun();
      this.nudge();
      const error = await over;
      await stop();
      return error;
    } catch (error) {
      return error;
    } finally {
      ending.removeEventListener('abort', onAbort);
    }
  }

  async #tell(): Promise<void> {
    this.#isTelling = true;
    while (this.#isDirty && this.#listeners.size > 0) {
      this.#isDirty = false;
      let gap = GAP_MS;
      this.#calls = Promise.allSettled([...this.#listeners].map(async (call) => call()));
      for (const call of await this.#calls) {
        if (call.status === 'fulfilled') continue;
        console.error('a change was not taken in:', call.reason);
        this.#isDirty = true;
        gap = FIRST_REST_MS;
      }
      await wait(gap, undefined, { ref: false });
    }
    this.#isTelling = false;
  }
}

/** Those who want to be told of changes together: one look at the database serves all of them. */
export class Audience {
  readonly #changes: Changes;
  readonly #tell: ChangeListener;
  #size = 0;
  #leave: (() => void) | undefined = undefined;

  /** `tell` is called after changes while somebody is there; it tells all who are. */
  constructor(changes: Changes, tell: ChangeListener) {
    this.#changes = changes;
    this.#tell = tell;
  }

  /** One more is there, and `tell` is called soon. The answer, called once, takes that one away. */
  enter(): () => void {
    this.#size++;
    this.#leave ??= this.#changes.listen(this.#tell);
    this.#changes.nudge();
    return () => {
      if (--this.#size > 0) return;
      this.#leave?.();
      this.#leave = undefined;
    };
  }
}

/** Waits `ms`, or until `ending` aborts. */
async function pause(ms: number, ending: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, { ref: false, signal: ending });
  } catch {
    // Aborted: the wait is over, which is all that was asked.
  }
}
