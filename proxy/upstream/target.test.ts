import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeBreaks, receivedTarget } from './target.ts';

test('a whole target loses only what would break the request line', () => {
  assert.equal(escapeBreaks('/a%20b?c=d#e\xe9'), '/a%20b?c=d#e\xe9');
  assert.equal(escapeBreaks('/a b\r\nX: 1'), '/a%20b%0D%0AX:%201');
});

test('a fragment is passed on, as nginx does', () => {
  assert.equal(receivedTarget('/a?b#c'), '/a?b#c');
});

test('an absolute target is sent in origin form', () => {
  assert.equal(receivedTarget('/a/../b?c'), '/a/../b?c');
  assert.equal(receivedTarget('http://h/a?b#c'), '/a?b#c');
  assert.equal(receivedTarget('http://h:1/a?b'), '/a?b');
  assert.equal(receivedTarget('http://h'), '/');
  assert.equal(receivedTarget('http://h?a#b'), '/?a');
  assert.equal(receivedTarget('http://h?#b'), '/');
  assert.equal(receivedTarget('*'), '*');
});
