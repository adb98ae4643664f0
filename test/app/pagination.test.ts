import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paginate } from '../../app/framework/paginator.ts';
import { createQuestions } from '../../app/polls/models.ts';
import { createSite, questionOf } from './site.ts';

test('every question is on one page of the index, and the pages are linked', async (t) => {
  const { database, request } = await createSite(t);
  const numbers = Array.from({ length: 23 }, (_, index) => index + 1);
  await createQuestions(
    database,
    numbers.map((n) => questionOf(`Question ${n}`, [], n * 60_000)),
  );
  const seen: number[] = [];
  for (const page of ['1', '2', 'last']) {
    const html = await (await request(`/polls/?page=${page}`)).text();
    seen.push(...[...html.matchAll(/<h2>Question (\d+)</g)].map((match) => Number(match[1])));
    assert.match(html, /href="\?page=2"/);
    assert.equal(html.includes('rel="next"'), page !== 'last');
    assert.equal(html.includes('rel="prev"'), page !== '1');
  }
  assert.deepEqual(seen, numbers);
});

test('a page that is not there is answered 404', async (t) => {
  const { request } = await createSite(t);
  for (const page of ['0', '2', '-1', '1.0', 'x', '', '9'.repeat(30)]) {
    assert.equal((await request(`/polls/?page=${page}`)).status, 404, page);
  }
  const only = await request('/polls/?page=1');
  assert.equal(only.status, 200);
  assert.doesNotMatch(await only.text(), /class="pagination"/);
});

test('of many pages the ends and the neighbours are shown', () => {
  assert.deepEqual(paginate(200, 10, '10')?.numbers, [1, 0, 9, 10, 11, 0, 20]);
  assert.deepEqual(paginate(30, 10)?.numbers, [1, 2, 3]);
  assert.deepEqual(paginate(0, 10)?.numbers, [1]);
});
