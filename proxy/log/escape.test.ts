import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeJsonValue, escapeLogValue } from './escape.ts';

const EVERY_BYTE = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('');

test('quotes, backslashes, controls and bytes from 0x7f become \\xXX', () => {
  assert.equal(escapeLogValue('a"b\\c\x00\n\x7f\xe9'), 'a\\x22b\\x5Cc\\x00\\x0A\\x7F\\xE9');
});

test('a line never holds a raw byte that could end it or a quoted value', () => {
  assert.match(escapeLogValue(EVERY_BYTE), /^[\x20-\x7e]*$/);
  assert.doesNotMatch(escapeLogValue(EVERY_BYTE), /"/);
});

test('JSON escapes read back as what they stood for', () => {
  assert.equal(JSON.parse(`"${escapeJsonValue(EVERY_BYTE)}"`), EVERY_BYTE);
});

test('controls without a short JSON form are \\u00XX in upper case', () => {
  assert.equal(escapeJsonValue('\x1f\t"\\\x7f'), '\\u001F\\t\\"\\\\\x7f');
});

test('text without anything to escape stays the same', () => {
  assert.equal(escapeLogValue('GET / HTTP/1.1'), 'GET / HTTP/1.1');
  assert.equal(escapeJsonValue('GET / HTTP/1.1'), 'GET / HTTP/1.1');
});
