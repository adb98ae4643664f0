/** Word of changes: who is called, how often, and what happens when the watch breaks. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { sql } from 'kysely';
import { migrationModules } from '../../app/config/migrations.ts';
import { Audience, Changes, type Watch, type WatchReport } from '../../app/framework/changes.ts';
import { connectDatabase, type Database } from '../../app/framework/database.ts';
import { migrate } from '../../app/framework/migrations.ts';
import { castVote, createQuestions } from '../../app/polls/models.ts';
import { freshDatabase } from './database.ts';
import { questionOf } from './site.ts';

/** Counts calls; `reached(n)` waits for the nth. */
class Counter {
  count = 0;
  #look: () => void = () => {};

  readonly call = (): void => {
    this.count++;
    this.#look();
  };

  async reached(count: number): Promise<void> {
    while (this.count < count) {
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
  }
}

/** A watch that a test moves by hand. */
function handWatch() {
  const begun = new Counter();
  const ended = new Counter();
  const reports: WatchReport[] = [];
  const watch: Watch = async (_place, report) => {
    reports.push(report);
    begun.call();
    return () => ended.call();
  };
  return { watch, begun, ended, reports };
}

function changesOf(t: TestContext, watch: Watch): Changes {
  const changes = new Changes('nowhere', watch);
  t.after(() => changes.close());
  return changes;
}

function silence(t: TestContext): readonly string[] {
  const lines: string[] = [];
  t.mock.method(console, 'error', (...words: unknown[]) => lines.push(words.join(' ')));
  return lines;
}

test('one watch serves all listeners, and ends with the last of them', async (t) => {
  const { watch, begun, ended, reports } = handWatch();
  const changes = changesOf(t, watch);
  const [one, other] = [new Counter(), new Counter()];
  const stops = [changes.listen(one.call), changes.listen(other.call)];
  await Promise.all([one.reached(1), other.reached(1)]);
  reports[0]?.changed();
  await Promise.all([one.reached(2), other.reached(2)]);
  assert.equal(begun.count, 1);
  stops[0]?.();
  reports[0]?.changed();
  await other.reached(3);
  assert.deepEqual([one.count, ended.count], [2, 0]);
  stops[1]?.();
  await ended.reached(1);
  changes.listen(one.call);
  await begun.reached(2);
});

test('an audience is told once for all, and lets go with the last of it', async (t) => {
  const { watch, begun, ended } = handWatch();
  const told = new Counter();
  const audience = new Audience(changesOf(t, watch), told.call);
  const leave = audience.enter();
  const leaveToo = audience.enter();
  await told.reached(1);
  leave();
  assert.equal(begun.count, 1);
  assert.equal(ended.count, 0);
  leaveToo();
  await ended.reached(1);
  audience.enter();
  await begun.reached(2);
});

test('changes that come close together are one call', async (t) => {
  const { watch, reports, begun } = handWatch();
  const changes = changesOf(t, watch);
  const heard = new Counter();
  changes.listen(heard.call);
  await begun.reached(1);
  await heard.reached(1);
  for (let i = 0; i < 100; i++) reports[0]?.changed();
  await heard.reached(2);
  assert.equal(heard.count, 2);
});

test('a listener is not called again before it is done', async (t) => {
  const { watch, reports } = handWatch();
  const changes = changesOf(t, watch);
  const [begun, done] = [new Counter(), new Counter()];
  let most = 0;
  changes.listen(async () => {
    begun.call();
    most = Math.max(most, begun.count - done.count);
    reports[0]?.changed();
    await new Promise((resolve) => setImmediate(resolve));
    done.call();
  });
  await done.reached(3);
  assert.equal(most, 1);
});

test('a listener that fails is called again, and the others are not held up', async (t) => {
  const lines = silence(t);
  const { watch } = handWatch();
  const changes = changesOf(t, watch);
  const [failing, other] = [new Counter(), new Counter()];
  changes.listen(() => {
    failing.call();
    if (failing.count === 1) throw new Error('the database is away');
  });
  changes.listen(other.call);
  await failing.reached(2);
  assert.ok(other.count >= 1);
  assert.match(lines.join('\n'), /a change was not taken in: Error: the database is away/);
});

test('a watch that breaks, or does not begin, is tried again and counts as a change', async (t) => {
  const lines = silence(t);
  const { watch, begun, reports, ended } = handWatch();
  let isRefused = false;
  const changes = changesOf(t, (place, report) => {
    if (!isRefused) return watch(place, report);
    isRefused = false;
    return Promise.reject(new Error('connection refused'));
  });
  const heard = new Counter();
  changes.listen(heard.call);
  await heard.reached(1);
  isRefused = true;
  reports[0]?.lost(new Error('connection reset'));
  await begun.reached(2);
  await heard.reached(2);
  assert.equal(ended.count, 1);
  assert.match(lines.join('\n'), /again in 1000 ms: connection reset/);
  assert.match(lines.join('\n'), /again in 2000 ms: connection refused/);
});

test('after close nobody is called', async (t) => {
  const { watch, ended, reports } = handWatch();
  const changes = changesOf(t, watch);
  const heard = new Counter();
  changes.listen(heard.call);
  await heard.reached(1);
  await changes.close();
  await ended.reached(1);
  reports[0]?.changed();
  changes.nudge();
  assert.equal(heard.count, 1);
});

test('writes of another connection are heard, and those that are rolled back are not', async (t) => {
  const place = await freshDatabase(t);
  const database = connectDatabase(place);
  t.after(() => database.destroy());
  await migrate(database, migrationModules);
  await createQuestions(database, [questionOf('Tea?', ['Green'])]);
  const changes = new Changes(place);
  t.after(() => changes.close());
  const heard: number[] = [];
  const calls = new Counter();
  changes.listen(async () => {
    heard.push(await votesOf(database));
    calls.call();
  });
  await calls.reached(1);
  await castVote(database, 1);
  while (heard.at(-1) !== 1) await calls.reached(calls.count + 1);
  await assert.rejects(
    database.transaction().execute(async (transaction) => {
      await castVote(transaction, 1);
      throw new Error('undone');
    }),
  );
  await castVote(database, 1);
  while (heard.at(-1) !== 2) await calls.reached(calls.count + 1);
  assert.deepEqual([...new Set(heard)], [0, 1, 2]);
});

const options = { skip: process.env['TEST_DATABASE_URL'] === undefined && 'of PostgreSQL alone' };

test('a connection that the server ends is made again', options, async (t) => {
  const lines = silence(t);
  const place = await freshDatabase(t);
  const database = connectDatabase(place);
  t.after(() => database.destroy());
  await migrate(database, migrationModules);
  await createQuestions(database, [questionOf('Tea?', ['Green'])]);
  const changes = new Changes(place);
  t.after(() => changes.close());
  const calls = new Counter();
  changes.listen(calls.call);
  await calls.reached(1);
  const listening = sql`select pid from pg_stat_activity where query = 'listen changes'
    and datname = current_database()`;
  const ended = await sql`select pg_terminate_backend(pid) from (${listening}) as l`.execute(
    database,
  );
  assert.equal(ended.rows.length, 1);
  await calls.reached(2);
  assert.match(lines.join('\n'), /again in 1000 ms: terminating connection/);
  await castVote(database, 1);
  await calls.reached(3);
});

async function votesOf(database: Database): Promise<number> {
  const tables = database.withTables<{ polls_choice: { votes: number } }>();
  const row = await tables.selectFrom('polls_choice').select('votes').executeTakeFirstOrThrow();
  return row.votes;
}
