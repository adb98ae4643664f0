import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { escapeArgs, escapeComponent, escapePath } from './escape.ts';
import { normalisePath } from './path.ts';

describe('normalisePath with merge_slashes on', () => {
  for (const [target, path, args] of [
    ['/', '/', ''],
    ['/a/b', '/a/b', ''],
    ['/a?b=c', '/a', 'b=c'],
    ['/a?', '/a', ''],
    ['/a?b?c', '/a', 'b?c'],
    ['/a?b#c', '/a', 'b'],
    ['/a#b?c', '/a', ''],
    ['/?/../x', '/', '/../x'],
    ['//a///b', '/a/b', ''],
    ['/a/./b', '/a/b', ''],
    ['/a/.', '/a/', ''],
    ['/a/..', '/', ''],
    ['/a/../', '/', ''],
    ['/a/b/../../c', '/c', ''],
    ['/a/b/..?x', '/a/', 'x'],
    ['/a/b/.#x', '/a/b/', ''],
    ['/...', '/...', ''],
    ['/..a/.b/c.', '/..a/.b/c.', ''],
    ['/a%2fb', '/a/b', ''],
    ['/a%2F%2e%2E/b', '/b', ''],
    ['/a%2f/b', '/a/b', ''],
    ['/%2e%2e%2fa', undefined, ''],
    ['/a%3Fb%23c%25d', '/a?b#c%d', ''],
    ['/a/.%3f', '/a/.?', ''],
    ['/a/..%23', '/a/..#', ''],
    ['/a+b%2Bc', '/a+b+c', ''],
    ['/%E4%b8%ad', '/\xe4\xb8\xad', ''],
    ['/%2525', '/%25', ''],
    ['/%01', '/\x01', ''],
    ['/..', undefined, ''],
    ['/../a', undefined, ''],
    ['/a/../..', undefined, ''],
    ['/a//../..', undefined, ''],
    ['/%00', undefined, ''],
    ['/%', undefined, ''],
    ['/%1', undefined, ''],
    ['/%g1', undefined, ''],
    ['/%1g', undefined, ''],
    ['/%?a', undefined, ''],
  ] as const) {
    it(`reads ${target} as ${path ?? 'a bad request'}`, () => {
      const normalised = normalisePath(target, true);
      assert.equal(normalised?.path, path);
      if (normalised !== undefined) assert.equal(normalised.args, args);
    });
  }

  it('says whether an escape was in the path', () => {
    assert.equal(normalisePath('/a%20b', true)?.isQuoted, true);
    assert.equal(normalisePath('/a//b?%20', true)?.isQuoted, false);
  });
});

describe('normalisePath with merge_slashes off', () => {
  for (const [target, path] of [
    ['//a///b', '//a///b'],
    ['/a//../b', '/a/b'],
    ['//..', '/'],
    ['/a/%2f', '/a//'],
  ] as const) {
    it(`reads ${target} as ${path}`, () => {
      assert.equal(normalisePath(target, false)?.path, path);
    });
  }
});

describe('properties of paths', () => {
  const pieces = fc.constantFrom('/', '.', '..', 'a', '%2e', '%2f', '%25', '+', 'b', '//', '%41');
  const paths = fc.array(pieces, { maxLength: 12 }).map((list) => `/${list.join('')}`);

  it('no dot segment and no empty segment is left', () => {
    fc.assert(
      fc.property(paths, (target) => {
        const path = normalisePath(target, true)?.path ?? '/';
        assert.match(path, /^\//);
        assert.doesNotMatch(path, /\/\.\.?(?:\/|$)|\/\//);
      }),
      { numRuns: 2000 },
    );
  });

  it('an escaped path is read as the path itself', () => {
    fc.assert(
      fc.property(paths, fc.boolean(), (target, merge) => {
        const path = normalisePath(target, merge)?.path;
        if (path === undefined) return;
        assert.equal(normalisePath(escapePath(path), merge)?.path, path);
      }),
    );
  });

  it('any decoded path survives escaping', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
        const path = `/x${Buffer.from(bytes.filter((byte) => byte > 0 && byte !== 0x2f)).toString('latin1')}`;
        assert.equal(normalisePath(escapePath(path), true)?.path, path);
      }),
    );
  });
});

describe('escapes', () => {
  it('leave in a path what nginx leaves', () => {
    assert.equal(escapePath("/a-._~!$&'()*+,;=:@[]"), "/a-._~!$&'()*+,;=:@[]");
    assert.equal(
      escapePath('/ "#%<>?\\^`{|}\x7f\xe9\n'),
      '/%20%22%23%25%3C%3E%3F%5C%5E%60%7B%7C%7D%7F%E9%0A',
    );
  });

  it('escape separators in arguments too', () => {
    assert.equal(escapeArgs('a b&c+d;e=f/g'), 'a%20b%26c%2Bd%3Be=f/g');
  });

  it('leave only unreserved characters of a component', () => {
    assert.equal(escapeComponent("aZ0-._~/:!'"), 'aZ0-._~%2F%3A%21%27');
  });
});
