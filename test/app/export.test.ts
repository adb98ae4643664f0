import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Database } from '../../app/framework/database.ts';
import { sendFile } from '../../app/framework/downloads.ts';
import { path } from '../../app/framework/urls.ts';
import { createQuestions } from '../../app/polls/models.ts';
import { createSite, questionOf } from './site.ts';

const HEAD = 'question_id,question,published,choice_id,choice,votes';

async function linesOf(response: Response): Promise<string[]> {
  assert.equal(response.status, 200);
  const text = await response.text();
  assert.ok(text.endsWith('\r\n'));
  return text.slice(0, -2).split('\r\n');
}

/** The columns beside the date, which is another each time. */
function withoutDate(line: string): string {
  return line.replace(/,\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z,/, ',date,');
}

test('the export has a line for each choice of each published question', async (t) => {
  const { database, request } = await createSite(t);
  await createQuestions(database, [
    questionOf('Tea, or "coffee"?', ['Grün', '=1+1']),
    questionOf('Empty?', []),
    questionOf('Later?', ['Yes'], -60_000),
    questionOf('100%_\\?', ['Yes']),
  ]);
  const response = await request('/polls/export.csv');
  assert.equal(response.headers.get('content-type'), 'text/csv; charset=utf-8; header=present');
  assert.match(
    response.headers.get('content-disposition') ?? '',
    /^attachment; filename="polls-\d{4}-\d\d-\d\d\.csv"$/,
  );
  const all = [
    '1,"Tea, or ""coffee""?",date,1,Grün,0',
    '1,"Tea, or ""coffee""?",date,2,\'=1+1,0',
    '2,Empty?,date,,,',
    '4,100%_\\?,date,4,Yes,0',
  ];
  assert.deepEqual((await linesOf(response)).map(withoutDate), [HEAD, ...all]);
  const chosen = async (query: string) =>
    (await linesOf(await request(`/polls/export.csv?${query}`))).slice(1).map(withoutDate);
  assert.deepEqual(await chosen('question=2&question=1&question=3'), all.slice(0, 3));
  assert.deepEqual(await chosen('search=TEA'), all.slice(0, 2));
  for (const search of ['%25_', '%5C'])
    assert.deepEqual(await chosen(`search=${search}`), all.slice(3));
  assert.deepEqual(await chosen('search=nothing'), []);
  assert.deepEqual(await chosen('limit=1'), all.slice(0, 1));
  const [head, first] = await linesOf(await request('/polls/export.csv?delimiter=semicolon'));
  assert.equal(head, HEAD.replaceAll(',', ';'));
  assert.match(first ?? '', /^1;"Tea, or ""coffee""\?";.*;1;Grün;0$/);
  const bytes = await (await request('/polls/export.csv?bom')).bytes();
  assert.deepEqual([...bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
  for (const query of ['limit=0', 'delimiter=x', 'question=a', 'bom=x']) {
    assert.equal((await request(`/polls/export.csv?${query}`)).status, 400, query);
  }
});

test('a page of the database that ends within a question loses no line', async (t) => {
  const { database, request } = await createSite(t);
  const choices = Array.from({ length: 333 }, (_, i) => `choice ${i}`);
  await createQuestions(
    database,
    [0, 1, 2, 3, 4].map((n) => questionOf(`Q${n}`, n === 2 ? [] : choices)),
  );
  const lines = await linesOf(await request('/polls/export.csv'));
  const ids = lines.slice(1).map((line) => Number(line.split(',')[3]));
  assert.equal(lines.length, 1 + 4 * 333 + 1);
  assert.deepEqual(
    ids.filter((id) => id > 0),
    Array.from({ length: 4 * 333 }, (_, i) => i + 1),
  );
});

/** 100,000 choices, 10 of each question. */
async function createMany(database: Database): Promise<void> {
  const text = 'x'.repeat(180);
  for (let i = 0; i < 10; i++) {
    await createQuestions(
      database,
      Array.from({ length: 1000 }, () => questionOf(text, Array(10).fill(text))),
    );
  }
}

test('an export of 100,000 lines holds few of them in memory', async (t) => {
  const { database, request } = await createSite(t);
  await createMany(database);
  const reader = (await request('/polls/export.csv')).body!.getReader();
  let bytes = 0;
  let lines = 0;
  let largest = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.length;
    largest = Math.max(largest, value.length);
    for (const byte of value) if (byte === 10) lines++;
  }
  assert.equal(lines, 100_001);
  assert.ok(bytes > 39_000_000, `${bytes}`);
  // One page is all that the export ever has; the database holds the rest.
  assert.ok(largest < 250_000, `${largest}`);
});

test('while a client reads slowly the site answers others, and sees new votes in what follows', async (t) => {
  const { database, request } = await createSite(t);
  await createQuestions(database, [questionOf('First?', Array(600).fill('a'))]);
  const reader = (await request('/polls/export.csv')).body!.getReader();
  await reader.read();
  await reader.read();
  assert.equal((await request('/polls/')).status, 200);
  await createQuestions(database, [questionOf('Second?', ['b'])]);
  const { value } = await reader.read();
  assert.match(new TextDecoder().decode(value), /Second\?/);
  await reader.cancel();
});

test('a file is made no further than the client reads, and ended when the client goes', async (t) => {
  let made = 0;
  let isEnded = false;
  async function* pieces() {
    try {
      for (;;) {
        made++;
        yield new Uint8Array(1000);
      }
    } finally {
      isEnded = true;
    }
  }
  const view = path('endless/', { get: (c) => sendFile(c, 'endless', 'text/plain', pieces()) });
  const { request } = await createSite(t, { routes: [view] });
  const response = await request('/endless/');
  const reader = response.body!.getReader();
  await reader.read();
  await reader.read();
  for (let i = 0; i < 10; i++) await turn();
  assert.ok(made <= 4, `${made}`);
  await reader.cancel();
  assert.equal(isEnded, true);
  made = 0;
  assert.equal((await request('/endless/', { method: 'HEAD' })).status, 200);
  for (let i = 0; i < 10; i++) await turn();
  assert.equal(made, 0, 'HEAD makes nothing');
});
