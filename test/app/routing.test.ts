import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { include, path } from '../../app/framework/urls.ts';
import type { View } from '../../app/framework/views.ts';
import { createQuestions } from '../../app/polls/models.ts';
import { CSRF, createSite, ORIGIN, questionOf } from './site.ts';

test('an address that is no page is answered 404 with a page', async (t) => {
  const { request } = await createSite(t);
  for (const path of [
    '/nowhere/',
    '/polls/abc/',
    '/polls/-1/',
    '/polls/1.5/',
    '/polls/99/',
    '/polls/99999999999999999999/',
    '/polls//',
    '/static/site.css',
  ]) {
    const response = await request(path);
    assert.equal(response.status, 404, path);
    assert.match(await response.text(), /Page not found/, path);
  }
});

test('a missing slash is added where that is a page, with its query', async (t) => {
  const { request } = await createSite(t);
  for (const [asked, location] of [
    ['/polls', '/polls/'],
    ['/polls?page=2', '/polls/?page=2'],
    ['/polls/7', '/polls/7/'],
    ['/polls/7/results', '/polls/7/results/'],
  ] as const) {
    const response = await request(asked);
    assert.equal(response.status, 301, asked);
    assert.equal(response.headers.get('location'), location);
  }
  for (const path of ['/nowhere', '/polls/abc', '//polls']) {
    assert.equal((await request(path)).status, 404, path);
  }
});

test('a form sent without the slash is not redirected, since that would lose it', async (t) => {
  const { submit } = await createSite(t);
  assert.equal((await submit('/polls/1/vote', { choice: '1' })).status, 404);
});

test('a method that a page has not is answered 405 with those it has', async (t) => {
  const { request } = await createSite(t);
  for (const [method, path, allow] of [
    ['GET', '/polls/1/vote/', 'POST, OPTIONS'],
    ['POST', '/polls/', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/polls/1/', 'GET, HEAD, OPTIONS'],
  ] as const) {
    const response = await request(path, { method, headers: { Origin: ORIGIN } });
    assert.equal(response.status, 405, path);
    assert.equal(response.headers.get('allow'), allow);
  }
});

test('OPTIONS tells the methods of a page', async (t) => {
  const { request } = await createSite(t);
  const response = await request('/polls/1/vote/', { method: 'OPTIONS' });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('allow'), 'POST, OPTIONS');
});

test('HEAD is answered as GET without content', async (t) => {
  const { database, request } = await createSite(t);
  await createQuestions(database, [questionOf('Tea?', ['Green'])]);
  for (const path of ['/', '/polls/', '/polls/1/', '/nowhere/']) {
    // A client that has its CSRF cookie: a new one would be another each time.
    const headers = CSRF.headers;
    const head = await request(path, { method: 'HEAD', headers });
    const get = await request(path, { headers });
    assert.equal(head.status, get.status, path);
    assert.deepEqual([...head.headers], [...get.headers]);
    assert.equal(await head.text(), '');
  }
});

test('a view that fails is answered 500 and tells the client nothing of the cause', async (t) => {
  const broken = path('broken/', {
    get() {
      throw new Error('the secret cause');
    },
  });
  const { request } = await createSite(t, { routes: [broken] });
  const logged = t.mock.method(console, 'error', () => {});
  const response = await request('/broken/');
  assert.equal(response.status, 500);
  const html = await response.text();
  assert.match(html, /Something went wrong on our end/);
  assert.doesNotMatch(html, /secret|at .*\.ts/);
  assert.equal(logged.mock.callCount(), 1);
  assert.match(String(logged.mock.calls[0]?.arguments[1]), /the secret cause/);
});

/** A site whose extra routes say which of them answered, and with what. */
async function createEchoSite(t: TestContext) {
  const echo = (name: string): View<unknown> => ({
    get: (c, params) => c.text(`${name} ${JSON.stringify(params)}`),
  });
  const blog = {
    appName: 'blog',
    urlpatterns: [path('', echo('blog')), path('<slug:title>/', echo('entry'))],
  };
  return createSite(t, {
    routes: [
      path('id/<uuid:id>/', echo('uuid')),
      path('id/<str:id>/', echo('str')),
      path('files/new/', echo('new')),
      path('files/<path:file>/edit/', echo('edit')),
      path('files/<path:file>', echo('file')),
      path('n/<int:n>/', echo('int')),
      path('n/<slug:n>/', echo('slug')),
      ...include('<int:year>/blog/', blog),
    ],
  });
}

test('each converter takes what it is for, and the first route that fits answers', async (t) => {
  const { request } = await createEchoSite(t);
  const uuid = '123e4567-e89b-12d3-a456-426614174000';
  for (const [asked, answer] of [
    [`/id/${uuid}/`, `uuid {"id":"${uuid}"}`],
    [`/id/${uuid.toUpperCase()}/`, `str {"id":"${uuid.toUpperCase()}"}`],
    [`/id/${uuid}0/`, `str {"id":"${uuid}0"}`],
    ['/id/a%20b.%C3%A9/', 'str {"id":"a b.é"}'],
    ['/files/new/', 'new {}'],
    ['/files/a%2Fb', 'file {"file":"a/b"}'],
    ['/files/a', 'file {"file":"a"}'],
    ['/files/a/b%20c/d.txt', 'file {"file":"a/b c/d.txt"}'],
    ['/files/a/', 'file {"file":"a/"}'],
    ['/files/a//b', 'file {"file":"a//b"}'],
    ['/files/a/b/edit/', 'edit {"file":"a/b"}'],
    ['/n/7/', 'int {"n":7}'],
    ['/n/007/', 'int {"n":7}'],
    ['/n/x-7/', 'slug {"n":"x-7"}'],
    // No number holds it, so the next route is tried.
    ['/n/99999999999999999999/', 'slug {"n":"99999999999999999999"}'],
    ['/2024/blog/', 'blog {"year":2024}'],
    ['/2024/blog/a-b/', 'entry {"year":2024,"title":"a-b"}'],
  ] as const) {
    const response = await request(asked);
    assert.equal(await response.text(), answer, asked);
  }
  for (const asked of [
    '/files/',
    '/n/a.b/',
    '/x/blog/',
    '/2024/blog/a.b/',
    '/id/a/b/',
    '/id/a%2Fb/',
  ]) {
    assert.equal((await request(asked)).status, 404, asked);
  }
});

test('a missing slash is added below a prefix with a parameter too', async (t) => {
  const { request } = await createEchoSite(t);
  for (const asked of ['/2024/blog', '/2024/blog/a-b', '/n/7']) {
    const response = await request(asked);
    assert.equal(response.status, 301, asked);
    assert.equal(response.headers.get('location'), `${asked}/`);
  }
});
