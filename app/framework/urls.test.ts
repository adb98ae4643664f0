import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileRoute, include, path, RouteTable } from './urls.ts';

const view = { get: () => new Response() };

test('a route is spelled for hono with the pattern of its converter', () => {
  assert.equal(compileRoute(path('', view)).honoPath, '/');
  assert.equal(compileRoute(path('a/<int:id>/b/', view)).honoPath, '/a/:id{[0-9]+}/b/');
  assert.equal(compileRoute(path('<slug:name>/', view)).honoPath, '/:name{[-a-zA-Z0-9_]+}/');
});

test('a converter reads its text, and refuses what no number can hold', () => {
  const route = compileRoute(path('<int:id>/<str:name>/', view));
  assert.deepEqual(route.readParams({ id: '007', name: 'x' }), { id: 7, name: 'x' });
  assert.equal(route.readParams({ id: '9007199254740993', name: 'x' }), undefined);
});

test('a route that is malformed is refused when it is compiled', () => {
  for (const route of ['<uuid:id>/', '<id>/', '<int:>/', '<int:1a>/', '<int:a:b>/']) {
    assert.throws(() => compileRoute(path(route, view)), /invalid parameter/, route);
  }
  assert.throws(() => compileRoute(path('a/<int:id/', view)), /parameter without ">"/);
});

test('a name leads back to its path', () => {
  const routes = new RouteTable([
    path('', view, 'home'),
    ...include('blog/', {
      appName: 'blog',
      urlpatterns: [path('<int:year>/<str:title>/', view, 'entry')],
    }),
  ]);
  assert.equal(routes.reverse('home'), '/');
  assert.equal(routes.reverse('blog:entry', 2024, 'a b?'), '/blog/2024/a%20b%3F/');
});

test('a reverse that fits no route fails', () => {
  const routes = new RouteTable([path('<int:id>/', view, 'one')]);
  assert.throws(() => routes.reverse('two'), /no route is named "two"/);
  assert.throws(() => routes.reverse('one'), /takes 1 values, got 0/);
  assert.throws(() => routes.reverse('one', '../x'), /"\.\.\/x" does not fit "int"/);
});
