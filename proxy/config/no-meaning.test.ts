import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EVENTS, HTTP, LOCATION, LOCATION_IF, MAIN, SERVER } from './directive.ts';
import { knownDirectives, modulesOf } from './known-directives.ts';
import { NO_MEANING } from './no-meaning.ts';

const CONTEXTS: readonly (readonly [number, string])[] = [
  [MAIN, 'main'],
  [EVENTS, 'events'],
  [HTTP, 'http'],
  [SERVER, 'server'],
  [LOCATION, 'location'],
  [LOCATION_IF, 'if in location'],
];

describe('a directive without meaning', () => {
  it('is one of nginx, may stand where nginx has it, and has a reason', () => {
    for (const row of NO_MEANING) {
      const known = modulesOf(row.name).find(
        ({ module }) => !/_(stream|mail|oidc|acme|mgmt)_/.test(module),
      );
      assert.ok(known !== undefined, row.name);
      const contexts = CONTEXTS.filter(([bit]) => (row.in & bit) !== 0).map(([, name]) => name);
      assert.deepEqual(contexts.sort(), [...known.contexts].sort(), row.name);
      assert.ok(row.reason.length > 10, row.name);
    }
  });

  it('stands in the table once, in the order of the alphabet', () => {
    const names = NO_MEANING.map((row) => row.name);
    assert.deepEqual(names, [...new Set(names)].sort());
  });
});

describe("nginx's reference", () => {
  it('knows the directives of all its modules', () => {
    assert.ok(knownDirectives().length > 900);
    assert.deepEqual(modulesOf('no_such_directive'), []);
  });
});
