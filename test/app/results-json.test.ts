import assert from 'node:assert/strict';
import { test } from 'node:test';
import { castVote, createQuestions, findQuestion } from '../../app/polls/models.ts';
import { createSite, ORIGIN, questionOf } from './site.ts';

test('the results of a question are there as JSON', async (t) => {
  const { database, request } = await createSite(t);
  await createQuestions(database, [questionOf('Tea? <b>', ['Green', 'Black'])]);
  for (const choice of [1, 1, 2]) await castVote(database, choice);
  const response = await request('/polls/1/results.json');
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
  const published = (await findQuestion(database, 1))?.pub_date ?? '';
  assert.equal(new Date(published).toISOString(), published);
  assert.deepEqual(await response.json(), {
    id: 1,
    question: 'Tea? <b>',
    published,
    url: `${ORIGIN}/polls/1/results/`,
    total: 3,
    choices: [
      { id: 1, choice: 'Green', votes: 2, percent: 67 },
      { id: 2, choice: 'Black', votes: 1, percent: 33 },
    ],
  });
});

test('a client that has the results is answered 304 until somebody votes', async (t) => {
  const { database, request } = await createSite(t);
  await createQuestions(database, [questionOf('Tea?', ['Green'])]);
  const tag = (await request('/polls/1/results.json')).headers.get('etag') ?? '';
  assert.match(tag, /^W\/"[0-9a-f]+"$/);
  const again = () => request('/polls/1/results.json', { headers: { 'If-None-Match': tag } });
  const unchanged = await again();
  assert.equal(unchanged.status, 304);
  assert.equal(unchanged.headers.get('etag'), tag);
  assert.equal(unchanged.headers.get('cache-control'), 'no-cache');
  assert.equal(await unchanged.text(), '');
  await castVote(database, 1);
  assert.equal((await again()).status, 200);
});

test('what is not there is a problem in JSON for those who ask for JSON', async (t) => {
  const { request } = await createSite(t);
  const json = { headers: { Accept: 'application/json' } };
  for (const [path, init] of [
    ['/polls/9/results.json', {}],
    ['/polls/9/results.json', { headers: { 'If-None-Match': '*' } }],
    ['/polls/x/results.json', {}],
    ['/polls/9/', json],
  ] as const) {
    const response = await request(path, init);
    assert.equal(response.status, 404, path);
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
    assert.equal(response.headers.get('etag'), null);
    assert.deepEqual(await response.json(), {
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
    });
  }
  assert.match(await (await request('/polls/9/')).text(), /Page not found/);
});
