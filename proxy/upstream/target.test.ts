import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeBreaks, escapePath, receivedTarget } from './target.ts';

test('a path is escaped as nginx escapes it', () => {
  assert.equal(escapePath('/plain/path;a=b&c,d:e@f'), '/plain/path;a=b&c,d:e@f');
  assert.equal(escapePath('/a b#c%d?e\xe9\x00\x7f'), '/a%20b%23c%25d%3Fe%E9%00%7F');
});

test('a whole target loses only what would break the request line', () => {
  assert.equal(escapeBreaks('/a%20b?c=d#e\xe9'), '/a%20b?c=d#e\xe9');
  assert.equal(escapeBreaks('/a b\r\nX: 1'), '/a%20b%0D%0AX:%201');
});

test('an absolute target is sent in origin form, without its fragment', () => {
  assert.equal(receivedTarget('/a/../b?c'), '/a/../b?c');
  assert.equal(receivedTarget('/a?b#c'), '/a?b');
  assert.equal(receivedTarget('http://h:1/a?b'), '/a?b');
  assert.equal(receivedTarget('http://h'), '/');
  assert.equal(receivedTarget('http://h?a'), '/?a');
  assert.equal(receivedTarget('*'), '*');
});
