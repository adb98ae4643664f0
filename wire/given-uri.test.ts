import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGivenUri } from './given-uri.ts';

const SAFE: readonly (readonly [text: string, uri: string, args: string])[] = [
  ['/a/b', '/a/b', ''],
  ['/a?b?c', '/a', 'b?c'],
  ['/a//./b', '/a//./b', ''],
  ['/a%20b%3F?c=%20', '/a b?', 'c=%20'],
  ['/a%zzb%4%5x%', '/azzb5x', ''],
  ['a/b', 'a/b', ''],
  ['/a..b/...', '/a..b/...', ''],
  ['/a\\..\\b', '/a\\..\\b', ''],
  ['/%252e%252e/b', '/%2e%2e/b', ''],
];
for (const [text, uri, args] of SAFE) {
  test(`${text} is followed as ${uri}`, () => {
    assert.deepEqual(parseGivenUri(text), { uri, args, isUnsafe: false });
  });
}

const UNSAFE: readonly (readonly [text: string, named: string])[] = [
  ['', ''],
  ['?a', '?a'],
  ['..', '..'],
  ['../a', '../a'],
  ['/a/..', '/a/..'],
  ['/a/..?b', '/a/..?b'],
  ['/a/../b?c', '/a/../b?c'],
  ['/a/%2e%2E?b', '/a/..'],
  ['/a%2f..%2fb', '/a/../b'],
  ['/a%00b', '/a\0b'],
];
for (const [text, named] of UNSAFE) {
  test(`${text || 'nothing'} is unsafe`, () => {
    const given = parseGivenUri(text);
    assert.deepEqual([given.uri, given.isUnsafe], [named, true]);
  });
}
