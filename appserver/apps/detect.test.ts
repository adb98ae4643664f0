import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppLoadError } from '../errors.ts';
import { detectApp } from './detect.ts';

const REFUSED: [string, unknown, RegExp][] = [
  ['nothing', undefined, /found a undefined|found an undefined/],
  ['null', null, /found null/],
  ['text', 'app', /found a string/],
  ['an object without fetch', { routes: 1 }, /found an object with routes/],
  ['a function without arguments', () => {}, /found a function of 0 arguments/],
  [
    'a middleware',
    (_a: unknown, _b: unknown, _c: unknown) => {},
    /found a function of 3 arguments/,
  ],
];
for (const [what, value, pattern] of REFUSED) {
  test(`${what} is refused with the list of what is accepted`, async () => {
    await assert.rejects(detectApp(value), (error) => {
      assert.ok(error instanceof AppLoadError);
      assert.equal(error.exitCode, 4);
      assert.match(error.message, pattern);
      assert.match(error.message, /accepted are:\n {2}an http\.Server, or an app of Fastify/);
      return true;
    });
  });
}

test('an object with fetch and handler is a fetch application, a function with handle is Express', async () => {
  const h3 = { fetch: () => new Response(), handler() {}, listen() {} };
  assert.equal((await detectApp(h3)).kind, 'fetch');
  const express = Object.assign((_q: unknown, _s: unknown, _n: unknown) => {}, { handle() {} });
  assert.equal((await detectApp(express)).shape, 'Express');
});
