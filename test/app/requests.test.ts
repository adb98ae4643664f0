import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type CookieKind, readCookie, sendCookie } from '../../app/framework/cookies.ts';
import {
  queryFlag,
  queryInteger,
  queryIntegers,
  queryOneOf,
  queryText,
} from '../../app/framework/query.ts';
import { absoluteUrl, clientAddress, host, wanted } from '../../app/framework/requests.ts';
import { path } from '../../app/framework/urls.ts';
import type { RequestContext } from '../../app/framework/views.ts';
import { createSite } from './site.ts';

const BOUNDS = { least: -5, most: 10 };

/** A site that answers `/probe/` with what `read` makes of the request. */
async function probe(t: TestContext, read: (c: RequestContext) => unknown) {
  const view = { get: async (c: RequestContext) => c.json((await read(c)) ?? null) };
  const { request } = await createSite(t, { routes: [path('probe/', view)] });
  return async (query = '', init?: RequestInit, origin?: string) => {
    const response = await request(`/probe/${query}`, init, origin);
    return response.status === 200 ? response.json() : response.status;
  };
}

test('a whole number of the query is within its bounds, or the request is bad', async (t) => {
  const ask = await probe(t, (c) => queryInteger(c, 'n', BOUNDS, 'none'));
  assert.equal(await ask(), 'none');
  for (const [text, value] of [
    ['10', 10],
    ['-5', -5],
    ['007', 7],
  ] as const) {
    assert.equal(await ask(`?n=${text}`), value);
  }
  for (const text of ['11', '-6', '', '1.5', '1e1', '0x1', '+1', '%201', 'NaN', '9'.repeat(17)]) {
    assert.equal(await ask(`?n=${text}`), 400, text);
  }
});

test('the log names what could not be read, without the value', async (t) => {
  const logged = t.mock.method(console, 'error', () => {});
  const ask = await probe(t, (c) => queryInteger(c, 'n', BOUNDS, 'none'));
  assert.equal(await ask('?n=12%0A34'), 400);
  assert.deepEqual(
    logged.mock.calls.map(({ arguments: words }) => words.join(' ')),
    ['Bad Request: /probe/: invalid "n" in the query: no whole number from -5 to 10'],
  );
});

test('the path of a request makes no line of the log', async (t) => {
  const logged = t.mock.method(console, 'error', () => {});
  const get = (c: RequestContext) => {
    if (c.req.query('n') === undefined) throw new Error('broken');
    return c.json(queryInteger(c, 'n', BOUNDS, 0));
  };
  const { request } = await createSite(t, { routes: [path('probe/<str:name>', { get })] });
  const address = '/probe/a%0AInternal%1b';
  assert.equal((await request(`${address}?n=x`)).status, 400);
  assert.equal((await request(address)).status, 500);
  const [bad, broken] = logged.mock.calls.map(({ arguments: [words] }) => String(words));
  assert.match(bad ?? '', /^Bad Request: \/probe\/a%0AInternal%1b: invalid "n"/);
  assert.equal(broken, `Internal Server Error: ${address}\n`);
});

test('a list of the query keeps its order and has a longest length', async (t) => {
  const ask = await probe(t, (c) => queryIntegers(c, 'n', BOUNDS, 3));
  assert.deepEqual(await ask(), []);
  assert.deepEqual(await ask('?n=3&m=9&n=1&n=3'), [3, 1, 3]);
  assert.equal(await ask('?n=1&n=x'), 400);
  assert.equal(await ask('?n=1&n=1&n=1&n=1'), 400);
});

test('a text of the query is trimmed and has a longest length', async (t) => {
  const ask = await probe(t, (c) => queryText(c, 'q', 4));
  assert.equal(await ask(), '');
  assert.equal(await ask('?q=+a%20b+'), 'a b');
  assert.equal(await ask('?q=%C3%A4%26'), 'ä&');
  assert.equal(await ask('?q=abcde'), 400);
  assert.equal(await ask('?q=a%00'), 400);
});

test('a flag of the query is yes or no', async (t) => {
  const ask = await probe(t, (c) => [queryFlag(c, 'f'), queryFlag(c, 'f', true)]);
  assert.deepEqual(await ask(), [false, true]);
  for (const text of ['?f', '?f=', '?f=1', '?f=TRUE', '?f=yes', '?f=on']) {
    assert.deepEqual(await ask(text), [true, true], text);
  }
  for (const text of ['0', 'false', 'no', 'off']) {
    assert.deepEqual(await ask(`?f=${text}`), [false, false], text);
  }
  assert.equal(await ask('?f=maybe'), 400);
});

test('a choice of the query is the first without it, and one of them with it', async (t) => {
  const ask = await probe(t, (c) => queryOneOf(c, 'o', ['a', 'b']));
  assert.equal(await ask(), 'a');
  assert.equal(await ask('?o=b'), 'b');
  assert.equal(await ask('?o=c'), 400);
});

test('a request knows the host that was asked, and the address of its client', async (t) => {
  const ask = await probe(t, (c) => [host(c), absoluteUrl(c, '/x/'), clientAddress(c)]);
  assert.deepEqual(await ask('', { headers: { Host: 'POLLS.Test' } }), [
    'polls.test',
    'http://polls.test/x/',
    '',
  ]);
  const secure = await ask('', {}, 'https://polls.test:8443');
  assert.deepEqual(secure, ['polls.test:8443', 'https://polls.test:8443/x/', '']);
});

test('a client is answered in what it names in Accept', async (t) => {
  const ask = await probe(t, (c) => wanted(c, 'text'));
  for (const [accept, answer] of [
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'html'],
    ['application/json', 'json'],
    ['application/json;q=0.5, text/html;q=0.9', 'html'],
    ['text/html;q=0, application/json;q=0.1', 'json'],
    ['application/problem+json', 'json'],
    ['text/plain', 'text'],
    ['*/*', 'text'],
    ['image/png', 'text'],
    ['', 'text'],
  ] as const) {
    assert.equal(await ask('', { headers: { Accept: accept } }), answer, accept);
  }
});

const COUNT: CookieKind<number> = {
  name: 'count',
  maxAgeSeconds: 60,
  read: (text) => (/^\d+$/.test(text) ? Number(text) : undefined),
  write: String,
};
const SIGNED: CookieKind<number> = { ...COUNT, name: 'signed', isSigned: true };

test('a cookie has a type: what does not read as it is none', async (t) => {
  const ask = await probe(t, (c) => readCookie(c, COUNT));
  assert.equal(await ask('', { headers: { Cookie: 'count=7' } }), 7);
  assert.equal(await ask('', { headers: { Cookie: 'count=x' } }), null);
  assert.equal(await ask(), null);
});

test('a signed cookie that was changed, or signed as another or with another key, is none', async (t) => {
  const view = {
    async get(c: RequestContext) {
      const before = await readCookie(c, SIGNED);
      await sendCookie(c, SIGNED, (before ?? 0) + 1);
      return c.json(before ?? null);
    },
  };
  const siteWith = (environment: Readonly<Record<string, string>>) =>
    createSite(t, { routes: [path('count/', view)], environment });
  const old = await siteWith({ SECRET_KEY: 'old' });
  const line = (await old.request('/count/')).headers.getSetCookie()[0] ?? '';
  assert.match(line, /^signed=1\.[^;]+; Max-Age=60; Path=\/; HttpOnly; SameSite=Lax$/);
  const cookie = line.slice(0, line.indexOf(';'));
  const read = async (site: typeof old, Cookie: string) =>
    (await site.request('/count/', { headers: { Cookie } })).json();
  assert.equal(await read(old, cookie), 1);
  assert.equal(await read(old, cookie.replace('=1.', '=2.')), null);
  assert.equal(await read(old, cookie.slice(0, -2)), null);
  assert.equal(await read(await siteWith({ SECRET_KEY: 'new' }), cookie), null);
  const rotated = await siteWith({ SECRET_KEY: 'new', SECRET_KEY_FALLBACKS: 'old' });
  assert.equal(await read(rotated, cookie), 1);
  const secure = await old.request('/count/', {}, 'https://polls.test');
  assert.match(secure.headers.getSetCookie()[0] ?? '', /; Secure/);
});
