/**
 * Live results: each change of the votes goes to every page of results that is open, whichever
 * process the vote was cast in.
 *
 *     database ─> Changes ─> LiveResults ─> EventStream ─> app/static/polls/live.js
 *                 (one)      (one query)    (one a page)
 */

import { createHash } from 'node:crypto';
import { Audience } from '../framework/changes.ts';
import { EventStream, type ServerEvent } from '../framework/event-stream.ts';
import { refuseOpenEnd } from '../framework/open-ends.ts';
import { perSite, type Site } from '../framework/site.ts';
import type { View } from '../framework/views.ts';
import { findQuestion, type QuestionVotes, votesOfPublished } from './models.ts';
import { tally } from './tally.ts';

/** Called with the event for the present tally; undefined where the question is there no longer. */
type Watcher = (event: ServerEvent | undefined) => void;

/** The questions that are watched through one site, and by whom. */
class LiveResults {
  readonly #site: Site;
  readonly #watchers = new Map<number, Set<Watcher>>();
  readonly #audience: Audience;

  constructor(site: Site) {
    this.#site = site;
    this.#audience = new Audience(site.changes, () => this.#tell());
  }

  /** Calls `watcher` soon, with the present tally, and after each change. The answer ends it. */
  watch(questionId: number, watcher: Watcher): () => void {
    const watchers = this.#watchers.get(questionId) ?? new Set();
    this.#watchers.set(questionId, watchers.add(watcher));
    const leave = this.#audience.enter();
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0) this.#watchers.delete(questionId);
      leave();
    };
  }

  async #tell(): Promise<void> {
    const questionIds = [...this.#watchers.keys()];
    const found = await votesOfPublished(this.#site.database, questionIds);
    for (const questionId of questionIds) {
      const votes = found.get(questionId);
      const event = votes && eventOf(votes);
      for (const watcher of this.#watchers.get(questionId) ?? []) watcher(event);
    }
  }
}

const liveResults = perSite((site) => new LiveResults(site));

/** The event that tells the votes; its id is the same for the same votes. */
function eventOf({ isClosed, choices }: QuestionVotes): ServerEvent {
  const { total, choices: counted } = tally(choices);
  const data = JSON.stringify({
    total,
    isClosed,
    choices: counted.map(({ id, votes, percent, leads }) => ({ id, votes, percent, leads })),
  });
  return { id: createHash('sha256').update(data).digest('base64url').slice(0, 16), data };
}

/**
 * The results of one question as a stream of events, at its beginning and after each change:
 * `{ total, isClosed, choices: [{ id, votes, percent, leads }] }`. Where the question has gone, a
 * browser that comes back is told by 204 to stay away. 503 where too many listen.
 */
export const resultsStream: View<{ readonly questionId: number }> = {
  async get(c, { questionId }) {
    const { site } = c.var;
    const lastId = c.req.header('last-event-id');
    if ((await findQuestion(site.database, questionId)) === undefined) {
      return lastId === undefined ? c.notFound() : c.body(null, 204);
    }
    if (!site.openEnds.hasRoom) return refuseOpenEnd(c);
    const stream = new EventStream(site.openEnds, lastId);
    if (c.req.method === 'HEAD') stream.end();
    else follow(site, questionId, stream);
    return stream.response(c);
  },
};

function follow(site: Site, questionId: number, stream: EventStream): void {
  const stop = liveResults(site).watch(questionId, (event) => {
    if (event === undefined) stream.end();
    else stream.send(event);
  });
  stream.over.addEventListener('abort', stop);
}
