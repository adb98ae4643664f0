/**
 * The room: everybody who is in it, through one site, is told what is said, whichever process it was
 * said in. The database is what the processes share.
 */

import { Audience } from '../framework/changes.ts';
import { perSite, type Site } from '../framework/site.ts';
import { type ChatMessage, latestMessages } from './models.ts';

/** Messages that somebody who enters is told, and that one look at the database reads. */
export const MOST_SHOWN = 50;

/** Told of messages, oldest first. */
export type Hearer = (messages: readonly ChatMessage[]) => void;

class Room {
  readonly #site: Site;
  /**
   * Who is here, with the ids of the latest messages each was told. Not the highest id alone:
   * PostgreSQL may show a message after one with a higher id, since their transactions overlap.
   */
  readonly #told = new Map<Hearer, ReadonlySet<number>>();
  readonly #audience: Audience;

  constructor(site: Site) {
    this.#site = site;
    this.#audience = new Audience(site.changes, () => this.#tell());
  }

  /** Tells `hearer` the latest messages soon, and each one that follows. The answer ends it. */
  enter(hearer: Hearer): () => void {
    this.#told.set(hearer, new Set());
    const leave = this.#audience.enter();
    return () => {
      this.#told.delete(hearer);
      leave();
    };
  }

  async #tell(): Promise<void> {
    const latest = await latestMessages(this.#site.database, MOST_SHOWN);
    const ids = new Set(latest.map(({ id }) => id));
    for (const [hearer, told] of this.#told) {
      const fresh = latest.filter(({ id }) => !told.has(id));
      this.#told.set(hearer, ids);
      if (fresh.length > 0) hearer(fresh);
    }
  }
}

/** The room of a site. */
export const roomOf = perSite((site) => new Room(site));
