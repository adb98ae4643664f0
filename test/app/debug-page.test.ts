import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readSettings } from '../../app/config/settings.ts';
import { createApplication } from '../../app/framework/application.ts';
import { path } from '../../app/framework/urls.ts';
import { temporaryFolder } from './database.ts';
import { CSRF, createSite, ORIGIN } from './site.ts';

const HTML = { Accept: 'text/html,*/*;q=0.8' };
const SCRIPT = '<script>alert(1)</script>';

const broken = path('broken/<str:name>/', {
  get(_, { name }) {
    const cause = new TypeError(`no such thing: ${name} at postgres://polls:hunter2@db/polls`);
    throw new Error('could not do it', { cause }); // the line that failed
  },
  async post(c) {
    const { password } = await c.req.parseBody();
    throw new Error(`wrong password: ${password}`);
  },
});

async function debugSite(t: TestContext, DEBUG = '1') {
  t.mock.method(console, 'error', () => {});
  const environment = { DEBUG, SECRET_KEY: 'the-signing-key' };
  return createSite(t, { routes: [broken], environment });
}

test('where DEBUG is on an error shows its causes, its code and its request', async (t) => {
  const { request } = await debugSite(t);
  const response = await request('/broken/thing/?a=b', { headers: HTML });
  assert.equal(response.status, 500);
  assert.equal(response.headers.get('cache-control'), 'no-store');
  const page = await response.text();
  assert.match(page, /<h1>Error<\/h1>\s*<p class="failure">could not do it<\/p>/);
  assert.match(page, /Caused by TypeError/);
  assert.match(page, /<li value="\d+" class="here"><code>.*the line that failed<\/code>/);
  assert.match(page, /Route: <code>\/broken\/&lt;str:name&gt;\/<\/code>/);
  assert.match(page, /<th scope="row">a<\/th><td>b<\/td>/);
  assert.match(page, /<summary>\d+ places in packages and in Node\.js<\/summary>/);
  const [own, others] = page.split('places in packages');
  assert.match(own ?? '', /debug-page\.test\.ts:\d+/);
  assert.match(others ?? '', /node_modules\/hono/);
  assert.doesNotMatch(page, /<script|<style|style="| on[a-z]+="/);
  assert.match(page, /<link rel="stylesheet" href="\/static\/debug\.css">/);
});

test('whatever a client sends is text on the page', async (t) => {
  const { request } = await debugSite(t);
  const attack = encodeURIComponent(SCRIPT);
  // A slash would end the part of the path.
  const name = encodeURIComponent('<script>alert(1)<script>');
  const response = await request(`/broken/${name}/?${attack}=${attack}`, {
    headers: { ...HTML, 'X-Attack': SCRIPT, Cookie: `a="${attack}"` },
  });
  const page = await response.text();
  assert.ok(page.split('&lt;script&gt;').length > 6, 'path, message, query, field, cookie');
  assert.doesNotMatch(page, /<script/);
  const missing = await (await request(`/${attack}/`, { headers: HTML })).text();
  assert.match(missing, /&lt;script&gt;/);
  assert.doesNotMatch(missing, /<script/);
});

test('no secret of the request or of the settings is shown', async (t) => {
  const { request } = await debugSite(t);
  const headers = {
    Origin: ORIGIN,
    Cookie: `${CSRF.headers.Cookie}; sessionid=session-value; theme=dark`,
    Authorization: 'Bearer bearer-value',
    'X-Api-Key': 'api-value',
    Referer: `${ORIGIN}/reset/?token=token-value`,
  };
  const fields = { ...CSRF.field, password: 'correct-horse', user: 'ada' };
  for (const accept of ['text/html', 'application/json', '*/*']) {
    const response = await request('/broken/x/?secret=query-value&page=2', {
      method: 'POST',
      headers: { ...headers, Accept: accept },
      body: new URLSearchParams(fields),
    });
    assert.equal(response.status, 500);
    const page = await response.text();
    assert.match(page, /wrong password: \*{8}/);
    for (const secret of [
      'session-value',
      'bearer-value',
      'api-value',
      'token-value',
      'correct-horse',
      'query-value',
      'the-signing-key',
      CSRF.field.csrfmiddlewaretoken,
    ]) {
      assert.ok(!page.includes(secret), `${accept} shows ${secret}`);
    }
    for (const shown of ['ada', 'dark', 'contentLimitBytes'])
      assert.ok(page.includes(shown), shown);
  }
  const page = await (await request('/broken/x/', { headers: HTML })).text();
  assert.match(page, /postgres:\/\/polls:\*{8}@db\/polls/);
  assert.doesNotMatch(page.replaceAll(/<code>.*<\/code>/g, ''), /hunter2/);
});

test('the password of the database is hidden wherever it stands', async (t) => {
  t.mock.method(console, 'error', () => {});
  const failing = path('failing/', {
    get() {
      throw new Error('the server refused "s3cr3t-word"');
    },
  });
  const settings = readSettings({
    DATABASE_URL: 'postgres://polls:s3cr3t-word@localhost/none',
    DEBUG: '1',
    SECRET_KEY: 'the-signing-key',
  });
  const { application, site } = createApplication({ ...settings, urlpatterns: [failing] });
  t.after(() => site.database.destroy());
  const response = await application.request('/failing/', {
    headers: { Accept: 'application/json' },
  });
  const { failures, settings: shown } = (await response.json()) as {
    failures: { message: string }[];
    settings: [string, string][];
  };
  assert.equal(failures[0]?.message, 'the server refused "********"');
  const database = shown.find(([name]) => name === 'database')?.[1];
  assert.equal(database, 'postgres://polls:********@localhost/none');
});

test('where DEBUG is on a page that is not there shows the routes that were tried', async (t) => {
  const { request } = await debugSite(t);
  const page = await (await request('/nowhere/', { headers: HTML })).text();
  assert.match(page, /No route matched\./);
  assert.match(
    page,
    /<th scope="row">\/polls\/&lt;int:questionId&gt;\/<\/th><td>polls:detail<\/td>/,
  );
  const none = await request(`/polls/${'9'.repeat(20)}/`, { headers: HTML });
  assert.match(await none.text(), /No route matched\./);
  const missing = await request('/polls/99/', { headers: HTML });
  assert.equal(missing.status, 404);
  assert.match(await missing.text(), /Route: <code>\/polls\/&lt;int:questionId&gt;\/<\/code>/);
});

test('programs are told in JSON, terminals in text', async (t) => {
  const { request } = await debugSite(t);
  const json = await request('/broken/x/', { headers: { Accept: 'application/json' } });
  assert.equal(json.headers.get('content-type'), 'application/problem+json');
  const { status, failures } = (await json.json()) as {
    status: number;
    failures: { name: string }[];
  };
  assert.deepEqual([status, failures.map(({ name }) => name)], [500, ['Error', 'TypeError']]);
  const text = await request('/broken/x/', { headers: { Accept: '*/*' } });
  assert.match(text.headers.get('content-type') ?? '', /^text\/plain/);
  assert.match(
    await text.text(),
    /^500 Internal Server Error: GET \/broken\/x\/\n[\s\S]*Error: could not do it\n {4}at /,
  );
});

test('a template that is wrong is shown with the line that is', async (t) => {
  t.mock.method(console, 'error', () => {});
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'wrong.html'), 'one\ntwo {{ nobody }}\n<b>three</b>\n');
  await writeFile(join(folder, 'unfinished.html'), 'one\n{% if a %}\n');
  const view = (name: string) =>
    path(`${name}/`, {
      get: (c) =>
        c.var.site.templates.render(`${name}.html`, {}, FACTS).then((text) => c.html(text)),
    });
  const settings = readSettings({
    DATABASE_PATH: ':memory:',
    DEBUG: '1',
    SECRET_KEY: 'the-signing-key',
  });
  const { application } = createApplication({
    ...settings,
    templateFolders: [folder],
    urlpatterns: [view('wrong'), view('unfinished')],
  });
  const page = await (await application.request('/wrong/', { headers: HTML })).text();
  assert.match(page, /<h1>UndefinedVariableError<\/h1>/);
  assert.match(page, /wrong\.html:2:\d+/);
  assert.match(page, /<li value="2" class="here"><code>two \{\{ nobody \}\}<\/code><\/li>/);
  assert.match(page, /&lt;b&gt;three/);
  const unfinished = await (await application.request('/unfinished/', { headers: HTML })).text();
  assert.match(unfinished, /<h1>ParseError<\/h1>/);
  assert.match(unfinished, /<li value="2" class="here"><code>\{% if a %\}<\/code><\/li>/);
});

const FACTS = { language: 'en', address: '/', takeMessages: () => [], csrfToken: () => '' };

test('where DEBUG is off nobody sees any of it', async (t) => {
  for (const DEBUG of ['0', '']) {
    const { request } = await debugSite(t, DEBUG);
    for (const accept of ['text/html', 'application/json', '*/*', 'text/plain']) {
      const error = await request('/broken/x/', { headers: { Accept: accept } });
      assert.equal(error.status, 500);
      const missing = await request('/nowhere/', { headers: { Accept: accept } });
      assert.equal(missing.status, 404);
      for (const text of [await error.text(), await missing.text()]) {
        assert.doesNotMatch(text, /could not|debug|\.ts:|questionId|staticUrl/);
        assert.match(text, /Something went wrong on our end|Page not found|about:blank/);
      }
    }
  }
});
