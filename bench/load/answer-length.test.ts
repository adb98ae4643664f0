import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerBytes } from './answer-length.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\n';

test('an answer is as long as its head and its content', () => {
  assert.equal(answerBytes(`${HEAD}he`), HEAD.length + 5);
});

test('a head that is not complete says nothing yet', () => {
  assert.equal(answerBytes(HEAD.slice(0, -1)), 0);
});

test('an answer without Content-Length is told apart', () => {
  assert.equal(answerBytes('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'), -1);
});

test('a Content-Length in the content is not taken for the field', () => {
  assert.equal(answerBytes('HTTP/1.1 200 OK\r\nA: b\r\n\r\n\r\nContent-Length: 9\r\n'), -1);
});
