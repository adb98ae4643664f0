/** The stream of results: what it says, when, and how it ends. */
import assert from 'node:assert/strict';
import { mock, type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Database } from '../../app/framework/database.ts';
import { castVote, createQuestions } from '../../app/polls/models.ts';
import { EventReader } from './event-reader.ts';
import { createSite, questionOf, type TestSite } from './site.ts';

const STREAM = '/polls/1/results/stream/';

/** A site with the question 1, its choices Green (1) and Black (2). */
async function createPoll(t: TestContext): Promise<TestSite> {
  const site = await createSite(t);
  await createQuestions(site.database, [questionOf('Tea?', ['Green', 'Black'])]);
  return site;
}

async function listen(t: TestContext, { request }: TestSite, headers = {}): Promise<EventReader> {
  const reader = new EventReader(await request(STREAM, { headers }));
  t.after(() => reader.leave());
  return reader;
}

function votes(...counts: readonly number[]) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return (data: unknown) => {
    const { choices } = data as { choices: { votes: number }[]; total: number };
    const found = choices.map((choice) => choice.votes);
    return String(found) === String(counts) && (data as { total: number }).total === total;
  };
}

function deleteQuestion(database: Database): Promise<unknown> {
  const tables = database.withTables<{ polls_question: { id: number } }>();
  return tables.deleteFrom('polls_question').where('id', '=', 1).execute();
}

test('a stream says that it is one, and that nobody keeps it', async (t) => {
  const site = await createPoll(t);
  const response = await site.request(STREAM);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  assert.equal(response.headers.get('cache-control'), 'no-store');
  assert.equal(response.headers.get('x-accel-buffering'), 'no');
  const reader = new EventReader(response);
  assert.match((await reader.block()) ?? '', /^retry: [123]\d\d\d$/);
  await reader.leave();
});

test('the present tally comes first, then each vote', async (t) => {
  const site = await createPoll(t);
  await castVote(site.database, 2);
  const reader = await listen(t, site);
  const first = await reader.event();
  assert.deepEqual(first?.data, {
    total: 1,
    isClosed: false,
    choices: [
      { id: 1, votes: 0, percent: 0, leads: false },
      { id: 2, votes: 1, percent: 100, leads: true },
    ],
  });
  await castVote(site.database, 1);
  const second = await reader.event();
  assert.deepEqual(second?.data, {
    total: 2,
    isClosed: false,
    choices: [
      { id: 1, votes: 1, percent: 50, leads: true },
      { id: 2, votes: 1, percent: 50, leads: true },
    ],
  });
  assert.notEqual(first?.id, second?.id);
});

test('who comes back with the present id is told only of later votes', async (t) => {
  const site = await createPoll(t);
  const first = await (await listen(t, site)).event();
  const again = await listen(t, site, { 'Last-Event-ID': first?.id });
  const fresh = await listen(t, site);
  await fresh.event();
  await castVote(site.database, 1);
  assert.ok(votes(1, 0)((await again.event())?.data));
  // One that knows an older tally is told the present one.
  const older = await listen(t, site, { 'Last-Event-ID': first?.id });
  assert.ok(votes(1, 0)((await older.event())?.data));
});

test('a vote on another question, or elsewhere in the database, is no event', async (t) => {
  const site = await createPoll(t);
  await createQuestions(site.database, [questionOf('Coffee?', ['Yes'])]);
  const reader = await listen(t, site);
  await reader.event();
  await castVote(site.database, 3);
  const witness = new EventReader(await site.request('/polls/2/results/stream/'));
  await witness.until(votes(1));
  await witness.leave();
  await castVote(site.database, 1);
  assert.ok(votes(1, 0)((await reader.event())?.data));
});

test('however many listen to a question, a change costs one look at the database', async (t) => {
  const site = await createPoll(t);
  const readers = await Promise.all(Array.from({ length: 20 }, () => listen(t, site)));
  await Promise.all(readers.map((reader) => reader.event()));
  const queries = t.mock.method(site.database, 'withTables');
  await castVote(site.database, 1);
  await Promise.all(readers.map((reader) => reader.until(votes(1, 0))));
  const count = queries.mock.callCount();
  assert.ok(count >= 3 && count < 20, `${count} queries`);
});

test('a slow reader is told the latest tally in place of all before it', async (t) => {
  const site = await createPoll(t);
  const slow = await listen(t, site);
  const quick = await listen(t, site);
  await quick.event();
  for (let count = 1; count <= 5; count++) {
    await castVote(site.database, 1);
    await quick.until(votes(count, 0));
  }
  let events = 0;
  for (let isLatest = false; !isLatest; events++) {
    isLatest = votes(5, 0)((await slow.event())?.data);
  }
  assert.ok(events <= 2, `${events} events were kept for it`);
});

test('a silent stream beats', async (t) => {
  const site = await createPoll(t);
  mock.timers.enable({ apis: ['setInterval'] });
  t.after(() => mock.timers.reset());
  const reader = await listen(t, site);
  await reader.event();
  // What was not taken yet needs no beat, so the reader has to wait for one.
  const next = reader.block();
  await turn();
  mock.timers.tick(20_000);
  assert.equal(await next, ':');
});

test('a stream that its client left is forgotten', async (t) => {
  const site = await createPoll(t);
  const reader = new EventReader(await site.request(STREAM));
  assert.equal(site.site.openEnds.size, 1);
  await reader.leave();
  assert.equal(site.site.openEnds.size, 0);
});

test('when the worker stops a stream ends whole, and no other begins', async (t) => {
  const site = await createPoll(t);
  const reader = await listen(t, site);
  await reader.event();
  site.site.openEnds.closeAll();
  assert.equal(await reader.event(), undefined);
  const refused = await site.request(STREAM);
  assert.equal(refused.status, 503);
  assert.equal(refused.headers.get('retry-after'), '30');
});

test('one stream too many is refused', async (t) => {
  const site = await createPoll(t);
  const forget = Array.from({ length: 500 }, () => site.site.openEnds.add(() => {}));
  assert.equal((await site.request(STREAM)).status, 503);
  forget[0]?.();
  await listen(t, site);
});

test('the stream of a question that goes ends, and its browser is told to stay away', async (t) => {
  const site = await createPoll(t);
  const reader = await listen(t, site);
  const event = await reader.event();
  await deleteQuestion(site.database);
  assert.equal(await reader.event(), undefined);
  const headers = { 'Last-Event-ID': event?.id ?? '' };
  assert.equal((await site.request(STREAM, { headers })).status, 204);
  assert.equal((await site.request(STREAM)).status, 404);
});

test('closing a question is an event; the page of a closed one follows no stream', async (t) => {
  const site = await createPoll(t);
  const reader = await listen(t, site);
  await reader.event();
  const tables = site.database.withTables<{ polls_question: { closed_at: string } }>();
  await tables.updateTable('polls_question').set({ closed_at: '2026-01-01T00:00:00Z' }).execute();
  await reader.until((data) => (data as { isClosed: boolean }).isClosed);
  assert.doesNotMatch(await (await site.request('/polls/1/results/')).text(), /data-stream/);
});

test('a question that is not published yet has no stream', async (t) => {
  const site = await createSite(t);
  await createQuestions(site.database, [questionOf('Later?', ['Yes'], -3_600_000)]);
  assert.equal((await site.request(STREAM)).status, 404);
});

test('HEAD is answered without opening a stream, POST is not allowed', async (t) => {
  const site = await createPoll(t);
  const head = await site.request(STREAM, { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(head.headers.get('content-type'), 'text/event-stream');
  assert.equal(site.site.openEnds.size, 0);
  assert.equal((await site.request(STREAM, { method: 'POST' })).status, 405);
});

test('the page of results names its stream, in texts of its language', async (t) => {
  const site = await createPoll(t);
  const page = async (language: string) => {
    const headers = { 'Accept-Language': language };
    return (await site.request('/polls/1/results/', { headers })).text();
  };
  const english = await page('en');
  assert.match(english, / data-stream="\/polls\/1\/results\/stream\/"/);
  assert.match(
    english,
    /{&#34;one&#34;:&#34;{count} vote&#34;,&#34;other&#34;:&#34;{count} votes&#34;}/,
  );
  assert.match(english, /data-news="Now {votes}\. Leading: {choices}\."/);
  const german = await page('de');
  assert.match(
    german,
    /{&#34;one&#34;:&#34;{count} Stimme&#34;,&#34;other&#34;:&#34;{count} Stimmen&#34;}/,
  );
  assert.match(german, /data-news="Jetzt {votes}\. Vorn: {choices}\."/);
});
