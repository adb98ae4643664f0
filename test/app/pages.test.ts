import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createQuestions } from '../../app/polls/models.ts';
import { createSite, questionOf } from './site.ts';

test('the start page leads to the polls', async (t) => {
  const { request } = await createSite(t);
  const response = await request('/');
  assert.equal(response.status, 302);
  assert.equal(response.headers.get('location'), '/polls/');
});

test('without questions the index says so', async (t) => {
  const { request } = await createSite(t);
  const response = await request('/polls/');
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/html; *charset=utf-8$/i);
  assert.match(await response.text(), /No polls yet/);
});

test('the index lists the latest ten questions, newest first, with their votes', async (t) => {
  const { database, request } = await createSite(t);
  const numbers = Array.from({ length: 12 }, (_, index) => index + 1);
  await createQuestions(
    database,
    numbers.map((n) => ({
      ...questionOf(`Question ${n}`, [], n * 60_000),
      choices: [
        { choiceText: 'a', votes: n },
        { choiceText: 'b', votes: 100 },
      ],
    })),
  );
  const html = await (await request('/polls/')).text();
  const titles = [...html.matchAll(/<h2>Question (\d+)<\/h2>/g)].map((match) => Number(match[1]));
  assert.deepEqual(titles, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.match(html, /href="\/polls\/7\/"/);
  assert.match(html, />107 votes</);
});

test('a question that is not published yet is on no page', async (t) => {
  const { database, request, submit } = await createSite(t);
  await createQuestions(database, [questionOf('Later?', ['Yes'], -60_000)]);
  assert.doesNotMatch(await (await request('/polls/')).text(), /Later/);
  assert.equal((await request('/polls/1/')).status, 404);
  assert.equal((await request('/polls/1/results/')).status, 404);
  assert.equal((await submit('/polls/1/vote/', { choice: '1' })).status, 404);
});

test('the detail page has a form with one radio button per choice', async (t) => {
  const { database, request } = await createSite(t);
  await createQuestions(database, [questionOf('Tea?', ['Green', 'Black'])]);
  const html = await (await request('/polls/1/')).text();
  assert.match(html, /<form [^>]*action="\/polls\/1\/vote\/" method="post"/);
  assert.match(html, /type="radio" name="choice" value="1">\s*<span>Green</);
  assert.match(html, /type="radio" name="choice" value="2">\s*<span>Black</);
});

test('a question without choices has no form', async (t) => {
  const { database, request } = await createSite(t);
  await createQuestions(database, [questionOf('Nothing?', [])]);
  const detail = await (await request('/polls/1/')).text();
  assert.match(detail, /No choices yet/);
  assert.doesNotMatch(detail, /<form class="vote"/);
  assert.match(await (await request('/polls/1/results/')).text(), /Nothing to count yet/);
});

test('the results give each choice its share, and mark those that lead', async (t) => {
  const { database, request } = await createSite(t);
  await createQuestions(database, [
    {
      ...questionOf('Which?', []),
      choices: [
        { choiceText: 'One', votes: 1 },
        { choiceText: 'Two', votes: 2 },
        { choiceText: 'None', votes: 0 },
      ],
    },
  ]);
  const html = await (await request('/polls/1/results/')).text();
  assert.match(html, /<strong>33%<\/strong> <span class="votes">1 vote</);
  assert.match(html, /<strong>67%<\/strong> <span class="votes">2 votes</);
  assert.match(html, /<strong>0%<\/strong> <span class="votes">0 votes</);
  assert.match(html, /<progress max="3" value="2"/);
  assert.deepEqual(html.match(/badge">/g)?.length, 1);
});

test('results without a vote divide nothing by zero', async (t) => {
  const { database, request } = await createSite(t);
  await createQuestions(database, [questionOf('Anyone?', ['Me'])]);
  const html = await (await request('/polls/1/results/')).text();
  assert.match(html, /<strong>0%<\/strong>/);
  assert.match(html, /<progress max="1" value="0"/);
  assert.doesNotMatch(html, /badge">|NaN/);
});

test('text of questions and choices is escaped on every page', async (t) => {
  const { database, request } = await createSite(t);
  const script = `<script>alert("1" & '2')</script>`;
  await createQuestions(database, [questionOf(script, [script])]);
  for (const path of ['/polls/', '/polls/1/', '/polls/1/results/']) {
    const html = await (await request(path)).text();
    assert.doesNotMatch(html, /<script>/, path);
    assert.match(
      html,
      /&lt;script&gt;alert\(&#34;1&#34; &amp; &#39;2&#39;\)&lt;\/script&gt;/,
      path,
    );
  }
});

test('dates are shown in the time zone of the settings, and told machines in UTC', async (t) => {
  const { database, request } = await createSite(t, {
    environment: { TIME_ZONE: 'Pacific/Auckland' },
  });
  const question = { ...questionOf('When?', []), pubDate: new Date('2024-12-31T23:30:00Z') };
  await createQuestions(database, [question]);
  const html = await (await request('/polls/')).text();
  assert.match(html, /<time datetime="2024-12-31T23:30:00.000Z">1 January 2025<\/time>/);
});

test('pages allow nothing of other sites and no inline script', async (t) => {
  const { request } = await createSite(t);
  for (const path of ['/polls/', '/nowhere/']) {
    const { headers } = await request(path);
    assert.match(headers.get('content-security-policy') ?? '', /^default-src 'self';/);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('x-frame-options'), 'DENY');
    assert.equal(headers.get('referrer-policy'), 'same-origin');
  }
});
