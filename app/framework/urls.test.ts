import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileRoute, include, path, pathBelow, RouteTable } from './urls.ts';
import type { View } from './views.ts';

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
  for (const route of ['<float:id>/', '<id>/', '<int:>/', '<int:1a>/', '<int:a:b>/']) {
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

const UUID = '123e4567-e89b-12d3-a456-426614174000';

test('a uuid is in lower case with its hyphens, a path may have slashes', () => {
  const routes = new RouteTable([
    path('id/<uuid:id>/', view, 'id'),
    path('files/<path:file>', view, 'file'),
  ]);
  assert.equal(routes.reverse('id', UUID), `/id/${UUID}/`);
  for (const wrong of [UUID.toUpperCase(), UUID.replaceAll('-', ''), `${UUID}0`, '']) {
    assert.throws(() => routes.reverse('id', wrong), /does not fit "uuid"/, wrong);
  }
  assert.equal(routes.reverse('file', 'a b/c?/d.txt'), '/files/a%20b/c%3F/d.txt');
  assert.throws(() => routes.reverse('file', ''), /does not fit "path"/);
});

test('what each converter takes is what Django takes', () => {
  const takes = (kind: 'int' | 'str' | 'slug', text: unknown) => {
    const routes = new RouteTable([{ route: `<${kind}:it>`, view, name: 'it' }]);
    try {
      return routes.reverse('it', text);
    } catch {
      return undefined;
    }
  };
  assert.equal(takes('int', 0), '/0');
  assert.equal(takes('int', '007'), '/007');
  for (const text of [-1, 1.5, '1e3', '', ' 1', '\u0663'])
    assert.equal(takes('int', text), undefined);
  assert.equal(takes('slug', 'A-b_9'), '/A-b_9');
  for (const text of ['a b', 'é', 'a.b', '']) assert.equal(takes('slug', text), undefined);
  assert.equal(takes('str', 'a b.é'), '/a%20b.%C3%A9');
  for (const text of ['a/b', '']) assert.equal(takes('str', text), undefined);
});

test('a module in a module has the prefixes and the names of both', () => {
  const cart = {
    appName: 'cart',
    urlpatterns: [path('<int:id>/', view, 'item'), path('x/', view)],
  };
  const shop = {
    appName: 'shop',
    urlpatterns: [path('', view, 'index'), ...include('cart/', cart)],
  };
  const routes = new RouteTable(include('shop/', shop));
  assert.equal(routes.reverse('shop:cart:item', 7), '/shop/cart/7/');
  assert.equal(routes.reverse('shop:index'), '/shop/');
  assert.equal(routes.routes[2]?.route, 'shop/cart/x/');
  assert.throws(() => routes.reverse('cart:item', 7), /no route is named/);
});

test('a parameter of a prefix reaches the views and comes first in a reverse', () => {
  const entry: View<{ readonly year: number; readonly slug: string }> = {
    get: (_, { year, slug }) => new Response(`${year + 1} ${slug.length}`),
  };
  const below = pathBelow<'<int:year>/'>();
  const blog = { appName: 'blog', urlpatterns: [below('<slug:slug>/', entry, 'entry')] };
  const archive = {
    appName: 'archive',
    urlpatterns: [...include('blog/', blog), path('about/', view, 'about')],
  };
  const routes = new RouteTable(include('<int:year>/', archive));
  assert.equal(routes.reverse('archive:blog:entry', 2024, 'a-b'), '/2024/blog/a-b/');
  assert.deepEqual(routes.routes[0]?.readParams({ year: '2024', slug: 'a-b' }), {
    year: 2024,
    slug: 'a-b',
  });

  // @ts-expect-error nothing gives the year
  new RouteTable(include('blog/', blog));
  // @ts-expect-error the year is a text here
  new RouteTable(include('<str:year>/', blog));
  // @ts-expect-error the view wants a number
  path('<slug:year>/<slug:slug>/', entry);
});

test('a parameter that stands twice in a route is refused', () => {
  const one = { appName: 'one', urlpatterns: [path('<int:id>/', view)] };
  assert.throws(() => new RouteTable(include('<int:id>/', one)), /parameter "id" twice in route/);
});
