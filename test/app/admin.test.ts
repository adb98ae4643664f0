import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { findAnyQuestion } from '../../app/polls/admin-models.ts';
import { choicesOf, createQuestions, type NewQuestion } from '../../app/polls/models.ts';
import { createSite, ORIGIN, questionOf } from './site.ts';
import { addUser, createSiteWithUsers, type Fields, openBrowser, PASSWORD } from './users.ts';

const LIST = '/admin/polls/question/';
const ADD = '/admin/polls/question/add/';
const CHANGE = '/admin/polls/question/1/change/';

/** A site with `questions`, and ada of the staff at the admin. */
async function adminOf(
  t: TestContext,
  questions: readonly NewQuestion[] = [],
  environment: Readonly<Record<string, string>> = {},
) {
  const site = await createSite(t, { environment });
  await addUser(site.database, 'ada', true);
  if (questions.length > 0) await createQuestions(site.database, questions);
  const browser = openBrowser(site);
  await browser.login('ada', PASSWORD, LIST);
  const { ask, send } = browser;
  const pageOf = async (path: string) => (await ask(path)).text();
  return {
    ...site,
    ...browser,
    pageOf,
    /** What the form at `page` holds, as a browser would send it. */
    formAt: async (page: string) => fieldsOf(await pageOf(page)),
    save: (page: string, fields: Fields) => send(page, page, fields),
    votes: async () => (await choicesOf(site.database, 1)).map(({ votes }) => votes),
    texts: async () => (await choicesOf(site.database, 1)).map((one) => one.choice_text),
  };
}

function questionWithVotes(text: string, votes: readonly number[]): NewQuestion {
  const choices = votes.map((count, index) => ({ choiceText: `Choice ${index}`, votes: count }));
  return { ...questionOf(text, []), choices };
}

/** The fields of the form for a question: inputs that are no checkbox, the token apart. */
function fieldsOf(html: string): Record<string, string> {
  const form = /<form class="question-form"[\s\S]*?<\/form>/.exec(html)?.[0] ?? '';
  const fields: Record<string, string> = {};
  for (const [input] of form.matchAll(/<input [^>]*>/g)) {
    const name = /\bname="([^"]*)"/.exec(input)?.[1] ?? '';
    if (/type="checkbox"/.test(input) || name === 'csrfmiddlewaretoken') continue;
    fields[name] = /\bvalue="([^"]*)"/.exec(input)?.[1] ?? '';
  }
  return fields;
}

/** The fields of a form with `choices` as new ones. */
function formOf(questionText: string, pubDate: string, choices: readonly string[]): Fields {
  return {
    question_text: questionText,
    pub_date: pubDate,
    'choice_set-TOTAL_FORMS': String(choices.length),
    ...Object.fromEntries(choices.map((text, i) => [`choice_set-${i}-choice_text`, text])),
  };
}

test('the admin is for staff alone, and no cache keeps it', async (t) => {
  const { database, ask, login, submit } = await createSiteWithUsers(t);
  await createQuestions(database, [questionOf('Tea?', ['Green', 'Black'])]);
  const pages = ['/admin/', LIST, ADD, CHANGE, '/admin/polls/question/1/delete/'];
  const posts = ['add', '1/change', '1/close', '1/reopen', '1/delete'].map(
    (end) => `${LIST}${end}/`,
  );
  for (const page of pages) {
    const response = await ask(page);
    assert.equal(response.status, 302, page);
    assert.match(response.headers.get('location') ?? '', /^\/accounts\/login\/\?next=%2Fadmin%2F/);
    assert.equal(response.headers.get('cache-control'), 'no-store');
  }
  for (const page of posts) assert.equal((await submit(page, {})).status, 302, page);
  await login('bob', PASSWORD, '/polls/');
  for (const page of pages) {
    const response = await ask(page);
    assert.equal(response.status, 403, page);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.match(await response.text(), /only staff can see it/);
  }
  assert.doesNotMatch(await (await ask('/polls/')).text(), /href="\/admin\/"/);
  assert.equal((await findAnyQuestion(database, 1))?.closed_at, null);
});

test('staff finds the admin in the header, and its changes want a token', async (t) => {
  const { ask, pageOf, database } = await adminOf(t, [questionOf('Tea?', ['Green', 'Black'])]);
  assert.match(await pageOf('/polls/'), /<a href="\/admin\/">Admin</);
  assert.equal((await ask('/admin/')).headers.get('location'), LIST);
  assert.match(await pageOf(LIST), /<a href="\/admin\/" aria-current="page">Admin</);
  for (const end of ['add', '1/change', '1/close', '1/reopen', '1/delete']) {
    const post = { method: 'POST', headers: { Origin: ORIGIN } };
    assert.equal((await ask(`${LIST}${end}/`, post)).status, 403, end);
  }
  for (const end of ['1/close', '1/reopen']) {
    assert.equal((await ask(`${LIST}${end}/`)).status, 405, end);
  }
  assert.equal((await findAnyQuestion(database, 1))?.closed_at, null);
});

test('whoever has to log in again when a form is sent comes back to the form', async (t) => {
  const { jar, ask } = await adminOf(t);
  assert.ok(jar.delete('sessionid'));
  const headers = {
    Origin: ORIGIN,
    Referer: ORIGIN + CHANGE,
    'X-CSRFToken': jar.get('csrftoken') ?? '',
  };
  const response = await ask(`${LIST}1/close/`, { method: 'POST', headers });
  const location = response.headers.get('location');
  assert.equal(location, `/accounts/login/?next=${encodeURIComponent(CHANGE)}`);
});

test('the list shows every question with its state and votes, newest first', async (t) => {
  const { pageOf, send } = await adminOf(t, [
    questionWithVotes('Old?', [2, 3]),
    questionOf('Next?', ['a', 'b'], -86_400_000),
    questionWithVotes('Ended?', [1]),
  ]);
  await send(LIST, `${LIST}3/close/`, {});
  const html = await pageOf(LIST);
  const rows = [...html.matchAll(/<li>\s*<div class="admin-item">[\s\S]*?<\/li>/g)].map(([row]) =>
    row.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' '),
  );
  assert.equal(rows.length, 3);
  assert.match(rows[0] ?? '', /Next\? Scheduled .* 0 votes Close/);
  assert.match(rows[1] ?? '', /Ended\? Closed .* 1 vote Reopen/);
  assert.match(rows[2] ?? '', /Old\? Published .* 5 votes Close/);
});

test('the list has pages, and a search is kept on each', async (t) => {
  const numbers = Array.from({ length: 45 }, (_, i) => i + 1);
  const { pageOf, ask } = await adminOf(
    t,
    numbers.map((n) => questionOf(`${n % 2 ? 'Odd' : 'Even & more'} ${n}?`, [], n * 60_000)),
  );
  const titlesOf = (html: string) =>
    [...html.matchAll(/change\/">(?:Odd|Even &amp; more) (\d+)\?</g)].map((one) => Number(one[1]));
  assert.deepEqual(titlesOf(await pageOf(LIST)), numbers.slice(0, 20));
  assert.deepEqual(titlesOf(await pageOf(`${LIST}?page=3`)), numbers.slice(40));
  const first = await pageOf(`${LIST}?q=%26+eVEN`);
  assert.match(first, />22 polls · <a/);
  assert.match(first, /name="q" type="search" value="&amp; eVEN"/);
  assert.match(first, /href="\?q=%26%20eVEN&amp;page=2" rel="next"/);
  const second = titlesOf(await pageOf(`${LIST}?q=%26%20eVEN&page=2`));
  assert.deepEqual(second, [42, 44]);
  assert.equal((await ask(`${LIST}?q=even&page=3`)).status, 404);
});

test('a search takes its words as they are', async (t) => {
  const { pageOf } = await adminOf(t, [
    questionOf('100% sure?', ['Yes', 'No']),
    questionOf('1000 sure!', ['Yes', 'No']),
    questionOf('snake_case?', ['Yes', 'No']),
  ]);
  for (const [q, titles] of [
    ['0%', ['100% sure?']],
    ['e_c', ['snake_case?']],
    ['sure 100', ['1000 sure!', '100% sure?']],
    ['!', ['1000 sure!']],
    ["'; --", []],
    ['\0', ['snake_case?', '1000 sure!', '100% sure?']],
    ['<b>', []],
    ['a '.repeat(5000), ['snake_case?']],
  ] as const) {
    const html = await pageOf(`${LIST}?q=${encodeURIComponent(q)}`);
    const found = [...html.matchAll(/change\/">([^<]*)</g)].map(([, title]) => title);
    assert.deepEqual(found.toSorted(), titles.toSorted(), q);
    assert.doesNotMatch(html, /<b>/);
  }
});

test('a question is added with its choices in their order, at a local time', async (t) => {
  const { save, pageOf, database, texts } = await adminOf(t, [], { TIME_ZONE: 'Europe/Berlin' });
  const fields = formOf('  Tea <or> coffee? ', '2024-07-01T12:30', ['Tea', '', ' Coffee ', '']);
  const response = await save(ADD, fields);
  assert.equal(response.status, 303);
  assert.equal(response.headers.get('location'), LIST);
  const question = await findAnyQuestion(database, 1);
  assert.equal(question?.question_text, 'Tea <or> coffee?');
  assert.equal(question?.pub_date, '2024-07-01T10:30:00.000Z');
  assert.deepEqual(await texts(), ['Tea', 'Coffee']);
  const list = await pageOf(LIST);
  assert.match(list, /role="status"[\s\S]*The poll “Tea &lt;or&gt; coffee\?” was added\./);
  assert.match(list, />1 Jul 2024, 12:30</);
  assert.match(await pageOf(CHANGE), /value="2024-07-01T12:30"/);
});

const long = 'ä'.repeat(200);
for (const [what, fields, field, error] of [
  [
    'no question',
    formOf(' ', '2024-07-01T12:30', ['a', 'b']),
    'question_text',
    'Enter a question.',
  ],
  [
    'a question of 201 characters',
    formOf(`${long}!`, '2024-07-01T12:30', ['a', 'b']),
    'question_text',
    'Use at most 200 characters.',
  ],
  [
    'a null character',
    formOf('a\0', '2024-07-01T12:30', ['a', 'b']),
    'question_text',
    'Null characters are not allowed.',
  ],
  ['no date', formOf('?', '', ['a', 'b']), 'pub_date', 'Enter a valid date and time.'],
  [
    'a date that is none',
    formOf('?', '2024-02-30T12:00', ['a', 'b']),
    'pub_date',
    'Enter a valid date and time.',
  ],
  [
    'a time that clocks skip',
    formOf('?', '2024-03-31T02:30', ['a', 'b']),
    'pub_date',
    'Clock changes in Europe/Berlin skip or repeat this time. Choose another.',
  ],
  ['no choice', formOf('?', '2024-07-01T12:30', []), 'choices', 'Enter at least 2 choices.'],
  [
    'one choice',
    formOf('?', '2024-07-01T12:30', ['a', ' ']),
    'choices',
    'Enter at least 2 choices.',
  ],
  [
    'too many choices',
    formOf(
      '?',
      '2024-07-01T12:30',
      Array.from({ length: 21 }, (_, i) => `${i}`),
    ),
    'choices',
    'Enter at most 20 choices.',
  ],
  [
    'a choice twice',
    formOf('?', '2024-07-01T12:30', ['Über  all', 'b', ' über all']),
    'choice_set-2-choice_text',
    'This choice already exists.',
  ],
  [
    'a choice of 201 characters',
    formOf('?', '2024-07-01T12:30', ['a', `${long}!`]),
    'choice_set-1-choice_text',
    'Use at most 200 characters.',
  ],
] as const) {
  test(`${what} is refused at its field, and what was typed is kept`, async (t) => {
    const { save, database } = await adminOf(t, [], { TIME_ZONE: 'Europe/Berlin' });
    const response = await save(ADD, fields);
    assert.equal(response.status, 400);
    const html = await response.text();
    assert.match(html, /<title>Error: Add a poll/);
    const summary = /<div class="summary" role="alert"[\s\S]*?<\/div>/.exec(html)?.[0] ?? '';
    assert.ok(summary.includes(`<a href="#id_${field}">${error}</a>`), summary);
    assert.equal(summary.match(/<li>/g)?.length, 1);
    const element = new RegExp(`<[a-z]+ [^>]*id="id_${field}"[^>]*>`).exec(html)?.[0] ?? '';
    const described = /aria-describedby="(?:hint_pub_date )?([^"]+)"/.exec(element)?.[1];
    assert.ok(html.includes(`<span class="field-error" id="${described}">${error}<`), element);
    if (element.startsWith('<input')) assert.match(element, /aria-invalid="true"/);
    const kept = fieldsOf(html);
    for (const [name, value] of Object.entries(fields))
      assert.equal(kept[name], value.trim(), name);
    assert.equal(await findAnyQuestion(database, 1), undefined);
  });
}

test('200 characters are not too many, however many bytes they have', async (t) => {
  const { save, database } = await adminOf(t);
  const emoji = '🚲'.repeat(200);
  assert.equal((await save(ADD, formOf(emoji, '2024-07-01T12:30', [emoji, 'b']))).status, 303);
  assert.equal((await findAnyQuestion(database, 1))?.question_text, emoji);
});

test('more choices are asked for without losing what was typed, up to the most', async (t) => {
  const { save, formAt } = await adminOf(t);
  assert.equal((await formAt(ADD))['choice_set-TOTAL_FORMS'], '3');
  let fields: Fields = formOf('', '2024-07-01T12:30', ['a', '', '']);
  for (const count of ['6', '9', '12', '15', '18', '20']) {
    const response = await save(ADD, { ...fields, _addrows: '1' });
    assert.equal(response.status, 200);
    const html = await response.text();
    fields = fieldsOf(html);
    assert.equal(fields['choice_set-TOTAL_FORMS'], count);
    assert.equal(fields['choice_set-0-choice_text'], 'a');
    assert.equal(html.includes('name="_addrows"'), count !== '20');
  }
});

test('a question is changed: texts, date, new and removed choices; votes stay', async (t) => {
  const question = questionWithVotes('Tea?', [4, 0, 7]);
  const { save, formAt, pageOf, database, votes, texts } = await adminOf(t, [question]);
  const before = await findAnyQuestion(database, 1);
  const form = await formAt(CHANGE);
  const response = await save(CHANGE, {
    ...form,
    question_text: 'Coffee?',
    'choice_set-0-choice_text': 'Black',
    'choice_set-1-DELETE': 'on',
    'choice_set-3-choice_text': 'New',
  });
  assert.equal(response.status, 303);
  assert.deepEqual(await texts(), ['Black', 'Choice 2', 'New']);
  assert.deepEqual(await votes(), [4, 7, 0]);
  const after = await findAnyQuestion(database, 1);
  // The form shows no seconds; where nobody changed the date, it keeps them.
  assert.equal(after?.pub_date, before?.pub_date);
  assert.equal(after?.question_text, 'Coffee?');
  assert.match(await pageOf(LIST), /The poll “Coffee\?” was changed\./);
});

test('a choice that has votes is removed only after a question, with its votes', async (t) => {
  const question = questionWithVotes('Tea?', [4, 2, 7]);
  const { save, formAt, votes, texts, database } = await adminOf(t, [question]);
  const form = { ...(await formAt(CHANGE)), 'choice_set-0-DELETE': 'on', question_text: 'New?' };
  const asked = await save(CHANGE, form);
  assert.equal(asked.status, 400);
  const html = await asked.text();
  assert.match(html, /href="#id_choice_set-0-WITH_VOTES">This choice already has votes\./);
  assert.match(html, /id="id_choice_set-0-WITH_VOTES" type="checkbox"[^>]* aria-invalid="true"/);
  assert.match(html, /name="choice_set-0-DELETE" checked/);
  assert.deepEqual(await votes(), [4, 2, 7]);
  assert.equal((await findAnyQuestion(database, 1))?.question_text, 'Tea?');
  assert.equal((await save(CHANGE, { ...form, 'choice_set-0-WITH_VOTES': 'on' })).status, 303);
  assert.deepEqual(await texts(), ['Choice 1', 'Choice 2']);
});

test('of two who change a question at once the second is told and overwrites nothing', async (t) => {
  const { save, formAt, database, submit } = await adminOf(t, [questionOf('Tea?', ['a', 'b'])]);
  const form = await formAt(CHANGE);
  await submit('/polls/1/vote/', { choice: '1' });
  assert.equal((await save(CHANGE, { ...form, question_text: 'Mine?' })).status, 303);
  const theirs = { ...form, question_text: 'Theirs?' };
  const second = await save(CHANGE, theirs);
  assert.equal(second.status, 409);
  const html = await second.text();
  assert.match(
    html,
    /role="alert"[^>]*>\s*<p><strong>Someone else has changed this poll in the meantime\./,
  );
  assert.match(html, /value="Theirs\?"/);
  // Sending the same form again, after another mistake too, does not get past it.
  const mistaken = await save(CHANGE, { ...theirs, question_text: '' });
  const again = { ...fieldsOf(await mistaken.text()), question_text: 'Theirs?' };
  assert.equal((await save(CHANGE, again)).status, 409);
  for (const version of ['', '-1', '2.0', 'x', '9'.repeat(30)]) {
    assert.equal((await save(CHANGE, { ...theirs, version })).status, 409, version);
  }
  assert.equal((await findAnyQuestion(database, 1))?.question_text, 'Mine?');
});

test('a form changes no choice of another question', async (t) => {
  const { save, formAt, database } = await adminOf(t, [
    questionOf('Tea?', ['a', 'b']),
    questionOf('Cake?', ['c', 'd']),
  ]);
  const form = await formAt(CHANGE);
  const other = { ...form, 'choice_set-0-id': '3', 'choice_set-0-choice_text': 'stolen' };
  assert.equal((await save(CHANGE, other)).status, 409);
  await save(CHANGE, {
    ...form,
    'choice_set-0-id': '3',
    'choice_set-0-DELETE': 'on',
    'choice_set-2-choice_text': 'e',
  });
  const texts = (await choicesOf(database, 2)).map((one) => one.choice_text);
  assert.deepEqual(texts, ['c', 'd']);
});

test('a question is deleted with its votes after it was confirmed', async (t) => {
  const { ask, pageOf, save, send, database } = await adminOf(t, [
    questionWithVotes('Tea?', [4, 2]),
  ]);
  const page = '/admin/polls/question/1/delete/';
  const html = await pageOf(page);
  assert.match(html, /Tea\?/);
  assert.match(html, /2 choices, 6 votes/);
  assert.ok(await findAnyQuestion(database, 1));
  const response = await save(page, {});
  assert.equal(response.headers.get('location'), LIST);
  assert.equal(await findAnyQuestion(database, 1), undefined);
  assert.deepEqual(await choicesOf(database, 1), []);
  assert.match(await pageOf(LIST), /The poll “Tea\?” was deleted\./);
  for (const gone of [page, CHANGE]) assert.equal((await ask(gone)).status, 404);
  for (const end of ['change', 'close', 'reopen', 'delete']) {
    assert.equal((await send(LIST, `${LIST}1/${end}/`, {})).status, 404, end);
  }
});

test('messages about long questions leave the session whole', async (t) => {
  const { send, pageOf } = await adminOf(t, [questionOf('🚲'.repeat(200), ['a', 'b'])]);
  for (let i = 0; i < 6; i++) await send('/accounts/login/', `${LIST}1/close/`, {});
  assert.match(await pageOf(LIST), /The poll “🚲{39}…” was already closed\./u);
});
