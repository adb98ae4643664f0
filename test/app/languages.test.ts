import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { BASE_DIR, readSettings } from '../../app/config/settings.ts';
import { readCatalogue } from '../../app/framework/i18n.ts';
import { catalogueProblems, findMessageIds } from '../../app/framework/message-ids.ts';
import { createQuestions } from '../../app/polls/models.ts';
import { CSRF, createSite, ORIGIN, questionOf } from './site.ts';

test('no message lacks a translation, and no translation its message', () => {
  const { languages, localeFolder } = readSettings({});
  const ids = findMessageIds([join(BASE_DIR, 'app')]);
  assert.ok(ids.plain.size > 30 && ids.counted.has('{count} vote'), 'no messages were found');
  for (const language of languages.slice(1)) {
    assert.deepEqual(catalogueProblems(ids, language, readCatalogue(localeFolder, language)), []);
  }
});

test('what a catalogue lacks is named', () => {
  const ids = { plain: new Set(['Hi {name}', 'Bye']), counted: new Set(['{count} vote']) };
  const catalogue = { 'Hi {name}': 'Hallo', Old: 'Alt', '{count} vote': { other: '{count}' } };
  const german = { code: 'de', name: 'Deutsch', locale: 'de-DE' };
  assert.deepEqual(catalogueProblems(ids, german, catalogue), [
    'de: not the same {names} as in "Hi {name}"',
    'de: no translation for "Bye"',
    'de: no form "one" for "{count} vote"',
    'de: "Old" is not used anywhere',
  ]);
});

for (const [what, headers, language] of [
  ['nothing', {}, 'en'],
  ['German', { 'Accept-Language': 'de-AT,de;q=0.9,en;q=0.5' }, 'de'],
  ['French, then English', { 'Accept-Language': 'fr, en;q=0.8, de;q=0.5' }, 'en'],
  ['German least', { 'Accept-Language': 'de;q=0.1, en;q=0.9' }, 'en'],
  ['no German', { 'Accept-Language': 'de;q=0, *' }, 'en'],
  ['German by cookie', { 'Accept-Language': 'en', Cookie: 'language=de' }, 'de'],
  ['what there is not', { 'Accept-Language': 'x'.repeat(5000), Cookie: 'language=../x' }, 'en'],
] as const) {
  test(`whoever asks for ${what} is answered in "${language}"`, async (t) => {
    const { request } = await createSite(t);
    const response = await request('/polls/', { headers });
    assert.equal(response.headers.get('content-language'), language);
    assert.match(response.headers.get('vary') ?? '', /Accept-Language, Cookie/);
    const html = await response.text();
    assert.match(html, new RegExp(`<html lang="${language}">`));
    assert.match(html, language === 'de' ? /Noch keine Umfragen/ : /No polls yet/);
  });
}

test('a German page has German plurals, dates, percents and errors', async (t) => {
  const { database, request } = await createSite(t);
  const choices = [1, 2].map((votes) => ({ choiceText: `${votes}`, votes }));
  const pubDate = new Date('2024-12-31T12:00:00Z');
  await createQuestions(database, [{ ...questionOf('Tee?', []), pubDate, choices }]);
  const headers = { ...CSRF.headers, 'Accept-Language': 'de', Origin: ORIGIN };
  const results = await (await request('/polls/1/results/', { headers })).text();
  assert.match(results, />31\. Dezember 2024</);
  assert.match(results, /33\u00a0%[^<]*<\/strong> <span class="votes">1 Stimme</);
  assert.match(results, />2 Stimmen</);
  const body = new URLSearchParams(CSRF.field);
  const refused = await request('/polls/1/vote/', { method: 'POST', headers, body });
  assert.match(await refused.text(), /role="alert">Sie haben nichts ausgewählt\./);
  const missing = await request('/nowhere/', { headers });
  assert.match(await missing.text(), /Diese Seite gibt es nicht/);
});

test('the switch keeps the language in a cookie and leads back, never to another site', async (t) => {
  const { submit } = await createSite(t);
  for (const [next, location] of [
    ['/polls/?page=2', '/polls/?page=2'],
    ['//evil.test/', '/'],
    ['/\\evil.test/', '/'],
    ['/\t/evil.test/', '/'],
    ['/.//evil.test/', '/'],
    ['https://evil.test/', '/'],
  ] as const) {
    const response = await submit('/language/', { language: 'de', next });
    assert.equal(response.status, 303);
    assert.equal(response.headers.get('location'), location, next);
    const cookie = response.headers.get('set-cookie') ?? '';
    assert.match(cookie, /^language=de; Max-Age=31536000; Path=\/; HttpOnly; SameSite=Lax$/);
  }
  const unknown = await submit('/language/', { language: 'xx', next: '/' });
  assert.equal(unknown.status, 400);
  assert.equal(unknown.headers.get('set-cookie'), null);
});

test('the answer to a form leads a switch back to the page of the form', async (t) => {
  const { database, request } = await createSite(t);
  await createQuestions(database, [questionOf('Tea?', ['Green'])]);
  const headers = { ...CSRF.headers, Origin: ORIGIN, Referer: `${ORIGIN}/polls/1/` };
  const body = new URLSearchParams(CSRF.field);
  const refused = await request('/polls/1/vote/', { method: 'POST', headers, body });
  assert.match(await refused.text(), /name="next" value="\/polls\/1\/"/);
});
