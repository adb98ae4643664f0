import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unescapeRedirect } from './rewrite-escape.ts';

test('escapes of printable characters above the percent sign become the characters', () => {
  assert.equal(unescapeRedirect('http://a/%41%2f%7E'), 'http://a/A/~');
});

test('escapes of spaces, controls, quotes, the percent sign and bytes from 0x7f stay', () => {
  const kept = 'http://a/%20%0d%0A%22%25%7f%C3%a9';
  assert.equal(unescapeRedirect(kept), kept);
});

test('nothing is decoded behind a question mark', () => {
  assert.equal(unescapeRedirect('/%41?%41'), '/A?%41');
});

test('an escaped question mark ends the decoding', () => {
  assert.equal(unescapeRedirect('/%3f%41'), '/?%41');
});

test('a broken escape loses its percent sign', () => {
  assert.equal(unescapeRedirect('/%zz'), '/zz');
  assert.equal(unescapeRedirect('/%4z%41'), '/A');
  assert.equal(unescapeRedirect('/%'), '/');
  assert.equal(unescapeRedirect('/%4'), '/');
});

test('text without escapes stays as it is', () => {
  assert.equal(unescapeRedirect('https://example.org/a?b'), 'https://example.org/a?b');
});
