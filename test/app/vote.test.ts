import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { migrationModules } from '../../app/config/migrations.ts';
import { connectDatabase } from '../../app/framework/database.ts';
import { migrate } from '../../app/framework/migrations.ts';
import { choicesOf, createQuestions } from '../../app/polls/models.ts';
import { databaseVariables, freshDatabase } from './database.ts';
import { CSRF, createSite, ORIGIN, questionOf } from './site.ts';

test('a vote counts once and leads to the results', async (t) => {
  const { database, submit } = await createSite(t);
  await createQuestions(database, [questionOf('Tea?', ['Green', 'Black'])]);
  const response = await submit('/polls/1/vote/', { choice: '2' });
  assert.equal(response.status, 303);
  assert.equal(response.headers.get('location'), '/polls/1/results/');
  assert.deepEqual(
    (await choicesOf(database, 1)).map(({ votes }) => votes),
    [0, 1],
  );
});

test('a multipart form votes too', async (t) => {
  const { database, request } = await createSite(t);
  await createQuestions(database, [questionOf('Tea?', ['Green'])]);
  const body = new FormData();
  body.set('choice', '1');
  const response = await request('/polls/1/vote/', {
    method: 'POST',
    body,
    headers: { ...CSRF.headers, Origin: ORIGIN },
  });
  assert.equal(response.status, 303);
});

for (const [what, fields] of Object.entries({
  'no choice': {},
  'a choice of another question': { choice: '3' },
  'a choice that is no number': { choice: '1 or 1=1' },
})) {
  test(`${what} shows the form again and counts nothing`, async (t) => {
    const { database, submit } = await createSite(t);
    await createQuestions(database, [
      questionOf('Tea?', ['Green', 'Black']),
      questionOf('Cake?', ['Yes']),
    ]);
    const response = await submit('/polls/1/vote/', fields);
    assert.equal(response.status, 400);
    const html = await response.text();
    assert.match(html, /role="alert">You didn&#39;t select a choice\.</);
    assert.match(html, /<title>Error: Tea\?/);
    assert.match(html, /value="2"/);
    const votes = [...(await choicesOf(database, 1)), ...(await choicesOf(database, 2))];
    assert.ok(votes.every((choice) => choice.votes === 0));
  });
}

test('a form that is malformed or not a form counts nothing', async (t) => {
  const { database, request } = await createSite(t);
  await createQuestions(database, [questionOf('Tea?', ['Green'])]);
  for (const type of ['multipart/form-data; boundary=x', 'application/json']) {
    const headers = { ...CSRF.headers, 'Content-Type': type, Origin: ORIGIN };
    const response = await request('/polls/1/vote/', {
      method: 'POST',
      body: '{"choice":1}',
      headers,
    });
    assert.equal(response.status, 400, type);
  }
  assert.equal((await choicesOf(database, 1))[0]?.votes, 0);
});

test('content beyond the limit is answered 413', async (t) => {
  const { request } = await createSite(t);
  const response = await request('/polls/1/vote/', {
    method: 'POST',
    body: `choice=${'1'.repeat(2_621_440)}`,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: ORIGIN },
  });
  assert.equal(response.status, 413);
});

test('votes that two processes cast at once all count', async (t) => {
  const place = await freshDatabase(t);
  const database = connectDatabase(place);
  t.after(() => database.destroy());
  await migrate(database, migrationModules);
  await createQuestions(database, [questionOf('Fast?', ['Yes'])]);
  const voters = [1, 2].map(() =>
    spawn(process.execPath, [join(import.meta.dirname, 'voter.ts'), '150'], {
      env: { ...process.env, ...databaseVariables(place) },
      stdio: ['ignore', 'inherit', 'inherit'],
    }),
  );
  const codes = await Promise.all(voters.map(async (voter) => (await once(voter, 'exit'))[0]));
  assert.deepEqual(codes, [0, 0]);
  assert.equal((await choicesOf(database, 1))[0]?.votes, 300);
});
