import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createQuestions } from '../../app/polls/models.ts';
import { CSRF, createSite, ORIGIN, questionOf } from './site.ts';

test('the form shows the answer that this browser gave last, and no other browser', async (t) => {
  const { database, request, submit } = await createSite(t);
  await createQuestions(database, [
    questionOf('Tea?', ['Green', 'Black']),
    questionOf('Tee?', ['Ja']),
  ]);
  const voted = await submit('/polls/1/vote/', { choice: '2' });
  const line = voted.headers.getSetCookie().find((one) => one.startsWith('answers=')) ?? '';
  const first = line.replace(/;.*/, '');
  const formFor = async (path: string, Cookie: string) =>
    (await request(path, { headers: { Cookie } })).text();
  assert.match(await formFor('/polls/1/', first), /value="1">[\s\S]*value="2" checked>/);
  assert.doesNotMatch(await formFor('/polls/2/', first), / checked/);
  assert.doesNotMatch(await formFor('/polls/1/', ''), / checked/);
  assert.doesNotMatch(await formFor('/polls/1/', first.replace('1%3A2', '1%3A1')), / checked/);
  const again = await request('/polls/2/vote/', {
    method: 'POST',
    headers: { Origin: ORIGIN, Cookie: `${CSRF.headers.Cookie}; ${first}` },
    body: new URLSearchParams({ ...CSRF.field, choice: '3' }),
  });
  const both = again.headers.getSetCookie().find((one) => one.startsWith('answers=')) ?? '';
  for (const path of ['/polls/1/', '/polls/2/']) {
    assert.match(await formFor(path, both.replace(/;.*/, '')), / checked/, path);
  }
});
