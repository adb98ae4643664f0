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
  ['a handler of errors', (_e: 1, _q: 2, _s: 3, _n: 4) => {}, /found a function of 4 arguments/],
  ['a class', class App {}, /found a function of 0 arguments/],
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

/** Functions as applications and compilers write them; the answer is the family. */
const FUNCTIONS: [source: string, kind: 'fetch' | 'node'][] = [
  ['(request) => null', 'fetch'],
  ['request => null', 'fetch'],
  ['async function handler(request) {}', 'fetch'],
  ['async (req, ctx) => new Response("x")', 'fetch'],
  ['async (request, { waitUntil }) => null', 'fetch'],
  ['(request, env, ctx) => null', 'fetch'],
  ['(request, context = {}) => null', 'fetch'],
  ['async (a, b) => Response.json({ a })', 'fetch'],
  ['(...args) => new Response(args[0].url)', 'fetch'],
  ['({ url }) => null', 'fetch'],
  ['(req, res) => {}', 'node'],
  ['async (req, res) => { await fetch("x").then((r) => new Response(r.body)); }', 'node'],
  ['(request, response = undefined) => {}', 'node'],
  ['(a, b) => b.end()', 'node'],
  ['(_req, _res, next) => next()', 'node'],
  ['function (e, t, n) { t.end() }', 'node'],
  ['(...args) => args[1].end()', 'node'],
  ['async (/* a, b */ req, res) => {}', 'node'],
];
for (const [source, kind] of FUNCTIONS) {
  test(`${source} is of the ${kind} family`, async () => {
    const app: unknown = new Function(`return ${source}`)();
    assert.equal((await detectApp(app)).kind, kind);
  });
}

test('a function that is exported as fetch is one, whatever its parameters are called', async () => {
  const origin = { exportName: 'fetch', importPackage: async () => ({}), expectListen: () => {} };
  for (const app of [(_a: 1, _b: 2, _c: 3) => {}, (...args: unknown[]) => args, () => {}]) {
    assert.equal((await detectApp(app, origin)).kind, 'fetch');
  }
});
