import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type Migration, sql } from 'kysely';
import { migrationModules } from '../../app/config/migrations.ts';
import { connectDatabase } from '../../app/framework/database.ts';
import { migrate } from '../../app/framework/migrations.ts';
import {
  changeQuestion,
  closeQuestion,
  findAnyQuestion,
  reopenQuestion,
} from '../../app/polls/admin-models.ts';
import { castVote, choicesOf, createQuestions, type Question } from '../../app/polls/models.ts';
import { freshDatabase } from './database.ts';
import { createSite, questionOf } from './site.ts';

/** A site with one question, and its votes. */
async function siteWithQuestion(t: TestContext, ageMs?: number) {
  const site = await createSite(t);
  await createQuestions(site.database, [questionOf('Tea?', ['Green', 'Black'], ageMs)]);
  return {
    ...site,
    vote: () => site.submit('/polls/1/vote/', { choice: '1' }),
    votes: async () => (await choicesOf(site.database, 1))[0]?.votes,
  };
}

test('a closed poll says so on each page and has no form', async (t) => {
  const { database, request } = await siteWithQuestion(t);
  for (const path of ['/polls/', '/polls/1/', '/polls/1/results/']) {
    assert.doesNotMatch(await (await request(path)).text(), /Closed/, path);
  }
  await closeQuestion(database, 1);
  for (const path of ['/polls/', '/polls/1/', '/polls/1/results/']) {
    assert.match(await (await request(path)).text(), />Closed</, path);
  }
  const detail = await (await request('/polls/1/')).text();
  assert.match(detail, /This poll is closed and no longer accepts votes\./);
  assert.match(detail, /<a class="button" href="\/polls\/1\/results\/">See the results</);
  assert.doesNotMatch(detail, /<form class="vote"|type="radio"/);
  const results = await (await request('/polls/1/results/')).text();
  assert.doesNotMatch(results, /Vote again/);
});

test('a vote on a closed poll is answered 403 and not counted, until it is open again', async (t) => {
  const { database, vote, votes } = await siteWithQuestion(t);
  await closeQuestion(database, 1);
  const refused = await vote();
  assert.equal(refused.status, 403);
  const html = await refused.text();
  assert.match(html, /role="alert">Your vote was not counted\.</);
  assert.match(html, /no longer accepts votes/);
  assert.equal(await votes(), 0);
  await reopenQuestion(database, 1);
  assert.equal((await vote()).status, 303);
  assert.equal(await votes(), 1);
});

test('a question is closed once, and keeps the time', async (t) => {
  const { database } = await siteWithQuestion(t);
  assert.equal(await reopenQuestion(database, 1), false);
  assert.equal(await closeQuestion(database, 1), true);
  const { closed_at } = (await findAnyQuestion(database, 1)) ?? {};
  assert.match(closed_at ?? '', /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.equal(await closeQuestion(database, 1), false);
  assert.equal((await findAnyQuestion(database, 1))?.closed_at, closed_at);
  assert.equal(await reopenQuestion(database, 1), true);
  assert.equal((await findAnyQuestion(database, 1))?.closed_at, null);
  assert.equal(await closeQuestion(database, 2), false);
});

/** What happens between the moment a vote was checked and the moment it is counted. */
const MEANWHILE = {
  'a closing': [403, (site) => closeQuestion(site.database, 1)],
  'the removal of its choice': [
    400,
    (site) =>
      changeQuestion(site.database, 1, 1, {
        questionText: 'Tea?',
        pubDate: new Date(0),
        added: ['Red'],
        kept: [{ id: 2, choiceText: 'Black' }],
        removed: [{ id: 1, withVotes: false }],
      }),
  ],
  'a date in the future': [
    404,
    (site) =>
      changeQuestion(site.database, 1, 1, {
        questionText: 'Tea?',
        pubDate: new Date(Date.now() + 60_000),
        added: [],
        kept: [],
        removed: [],
      }),
  ],
} satisfies Readonly<
  Record<
    string,
    readonly [number, (site: Awaited<ReturnType<typeof createSite>>) => Promise<unknown>]
  >
>;

for (const [what, [status, happen]] of Object.entries(MEANWHILE)) {
  test(`a vote that ${what} overtakes is answered ${status} and not counted`, async (t) => {
    const site = await siteWithQuestion(t);
    const executor = site.database.getExecutor();
    const execute = executor.executeQuery;
    let statements = 0;
    t.mock.method(executor, 'executeQuery', async (...args: Parameters<typeof execute>) => {
      // The statement that counts the vote; what happens meanwhile has statements of its own.
      if (/update "polls_choice"/.test(args[0].sql) && statements++ === 0) await happen(site);
      return execute.apply(executor, args);
    });
    assert.equal((await site.vote()).status, status);
    assert.ok(statements > 0, 'nothing was overtaken');
    const sum = (await choicesOf(site.database, 1)).reduce((all, { votes }) => all + votes, 0);
    assert.equal(sum, 0);
  });
}

test('votes and a closing at once: none is counted after it', async (t) => {
  const { database, vote, votes } = await siteWithQuestion(t);
  const answers = Array.from({ length: 20 }, vote);
  await Promise.race(answers);
  await closeQuestion(database, 1);
  const atClosing = await votes();
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  assert.ok(statuses.every((status) => status === 303 || status === 403));
  assert.equal(statuses.filter((status) => status === 303).length, atClosing);
  assert.equal(await votes(), atClosing);
});

test('on PostgreSQL a vote waits for a closing under way', {
  skip: process.env['TEST_DATABASE_URL'] === undefined && 'SQLite has one writer at a time',
}, async (t) => {
  const { database, votes } = await siteWithQuestion(t);
  const waiting = async () => {
    const { rows } = await sql<{ n: number }>`
      select count(*) as n from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(database);
    return rows[0]?.n === 1;
  };
  let counted: Promise<boolean> | undefined;
  let isSettled = false;
  await database.transaction().execute(async (transaction) => {
    await closeQuestion(transaction, 1);
    counted = castVote(database, 1).finally(() => {
      isSettled = true;
    });
    while (!isSettled && !(await waiting())) await setTimeout(10);
  });
  assert.equal(await counted, false);
  assert.equal(await votes(), 0);
});

test('a question that is not published takes no vote', async (t) => {
  const { database, votes } = await siteWithQuestion(t, -60_000);
  assert.equal(await castVote(database, 1), false);
  assert.equal(await castVote(database, 99), false);
  assert.equal(await votes(), 0);
});

test('the migration that brings closing keeps questions and votes, forth and back', async (t) => {
  const database = connectDatabase(await freshDatabase(t));
  t.after(() => database.destroy());
  const polls = migrationModules.find(({ appName }) => appName === 'polls');
  const { '0001_initial': initial, '0002_question_closed_at_version': second } =
    polls?.migrations ?? {};
  assert.ok(initial && second?.down);
  const upTo = (migrations: Readonly<Record<string, Migration>>) =>
    migrate(database, [{ appName: 'polls', migrations }]);
  await upTo({ '0001_initial': initial });
  const question = { question_text: 'Tea?', pub_date: '2024-01-01T00:00:00.000Z' };
  const tables = database.withTables<{ polls_question: Partial<Question>; polls_choice: object }>();
  await tables.insertInto('polls_question').values(question).execute();
  await tables
    .insertInto('polls_choice')
    .values({ question_id: 1, choice_text: 'Green', votes: 3 })
    .execute();
  assert.deepEqual(
    await upTo({ '0001_initial': initial, '0002_question_closed_at_version': second }),
    ['polls.0002_question_closed_at_version'],
  );
  const migrated = await findAnyQuestion(database, 1);
  assert.deepEqual({ ...migrated }, { id: 1, ...question, closed_at: null, version: 1 });
  assert.equal(await castVote(database, 1), true);
  await second.down(database);
  const rows = await tables.selectFrom('polls_question').selectAll().execute();
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    [{ id: 1, ...question }],
  );
  assert.equal((await choicesOf(database, 1))[0]?.votes, 4);
});
