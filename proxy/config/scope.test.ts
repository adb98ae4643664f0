import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HTTP, LOCATION, SERVER } from './directive.ts';
import { innerScope, makeLoad, resolve, rootScope } from './scope.ts';

interface Conf {
  size: number;
  rules: readonly string[];
}

const module = { name: 'test' };
const defaults: Conf = { size: 1, rules: [] };

function tree() {
  const http = innerScope(HTTP, rootScope(makeLoad({ prefix: '/', confPrefix: '/' })));
  const server = innerScope(SERVER, http);
  return { http, server, location: innerScope(LOCATION, server) };
}

describe('a setting', () => {
  it('is that of its level, else of the level around it, else the default', () => {
    const { http, server, location } = tree();
    http.own<Conf>(module).size = 2;
    location.own<Conf>(module).rules = ['a'];
    assert.deepEqual(resolve(module, location, defaults), { size: 2, rules: ['a'] });
    assert.deepEqual(resolve(module, server, defaults), { size: 2, rules: [] });
  });

  it('that is a list replaces the outer list whole', () => {
    const { http, location } = tree();
    http.own<Conf>(module).rules = ['a', 'b'];
    location.own<Conf>(module).rules = ['c'];
    assert.deepEqual(resolve(module, location, defaults).rules, ['c']);
  });

  it('is the same object at every level that says nothing', () => {
    const { http, server, location } = tree();
    http.own<Conf>(module).size = 2;
    assert.equal(resolve(module, location, defaults), resolve(module, server, defaults));
    assert.equal(resolve({ name: 'other' }, location, defaults), defaults);
  });

  it('is joined by the rule of its module where that has one', () => {
    const { http, server, location } = tree();
    http.own<Conf>(module).rules = ['a'];
    location.own<Conf>(module).rules = ['b'];
    const levels: number[] = [];
    const settings = resolve<Conf>(module, location, defaults, (own, outer, scope) => {
      levels.push(scope.context);
      return { size: outer.size + 1, rules: [...outer.rules, ...(own.rules ?? [])] };
    });
    assert.deepEqual(settings, { size: 5, rules: ['a', 'b'] });
    assert.deepEqual(levels, [1, HTTP, SERVER, LOCATION]);
    assert.equal(server.has(module), false);
  });
});
