/** One contract for every shape of application that is recognised. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPool } from './pool-process.ts';

/** Answers `GET /hello` with "hello" and `POST /echo` with what it was sent. */
const LISTENER = `function listener(req, res) {
  if (req.url === '/hello') { res.setHeader('content-type', 'text/plain'); res.end('hello'); return; }
  if (req.url === '/echo') { req.pipe(res); return; }
  res.statusCode = 404; res.end('none');
}`;
const FETCH = `async function answer(request) {
  const { pathname } = new URL(request.url);
  if (pathname === '/hello') return new Response('hello', { headers: { 'content-type': 'text/plain' } });
  if (pathname === '/echo') return new Response(request.body);
  return new Response('none', { status: 404 });
}`;

const SHAPES: Record<string, [source: string, name: string]> = {
  'an object with fetch': [`${FETCH} export default { fetch: answer };`, 'app'],
  'an instance of a class with fetch': [
    `${FETCH} class App { name = 'x'; fetch(request) { return this.name && answer(request); } } export const app = new App();`,
    'app:app',
  ],
  'a named export fetch': [`${FETCH} export const fetch = (request) => answer(request);`, 'app'],
  'a function of one argument': [`${FETCH} export const handler = answer;`, 'app:handler'],
  'a promise of an application': [
    `${FETCH} export default Promise.resolve({ fetch: answer });`,
    'app',
  ],
  'a factory': [`${FETCH} export const make = async () => ({ fetch: answer });`, 'app:make()'],
  Hono: [
    `import { Hono } from 'hono';
     const app = new Hono();
     app.get('/hello', (c) => c.text('hello'));
     app.post('/echo', async (c) => c.body(await c.req.text()));
     app.notFound((c) => c.text('none', 404));
     export default app;`,
    'app',
  ],
  'a function of two arguments': [`${LISTENER} export default listener;`, 'app'],
  'an http.Server': [
    `import { createServer } from 'node:http'; ${LISTENER} export const server = createServer(listener);`,
    'app',
  ],
  Express: [
    `import express from 'express';
     const app = express();
     app.get('/hello', (req, res) => res.type('text/plain').send('hello'));
     app.post('/echo', express.text({ type: () => true }), (req, res) => res.send(req.body));
     app.use((req, res) => res.status(404).send('none'));
     export default app;`,
    'app',
  ],
  // These frameworks are no dependencies: what is recognised of them stands here in their place.
  'what Koa makes': [
    `${LISTENER} export default { middleware: [], callback: () => listener, listen() {} };`,
    'app',
  ],
  'what Fastify makes': [
    `import { createServer } from 'node:http'; ${LISTENER} let isReady = false;
     const routing = (q, s) => isReady ? listener(q, s) : s.destroy();
     export default { routing, async ready() { isReady = true; }, server: createServer(routing),
       async close() { console.error('fastify closed'); } };`,
    'app',
  ],
  'what hapi makes': [
    `import { createServer } from 'node:http'; ${LISTENER}
     export default { listener: createServer(listener), async initialize() {}, async stop() {} };`,
    'app',
  ],
  'what polka makes': [
    `${LISTENER} export default { word: 'x', handler(q, s) { return this.word && listener(q, s); }, listen() {} };`,
    'app',
  ],
  'a function of two arguments that returns a Response': [
    `${FETCH} export default async (req, ctx) => ctx.scheme === 'http' ? answer(req) : undefined;`,
    'app',
  ],
  'a function of the rest of its arguments': [
    `${LISTENER} export const handler = (...args) => listener(...args);`,
    'app:handler',
  ],
  'fetch of three arguments': [
    `${FETCH} export const fetch = (...given) => answer(given.length === 3 ? given[0] : undefined);`,
    'app:fetch',
  ],
  'a function of three arguments': [
    `import { STATUS_CODES } from 'node:http';
     export const handler = (req, res, next) => {
       if (req.url === '/hello') { res.setHeader('content-type', 'text/plain'); res.end('hello'); return; }
       if (req.url === '/echo') req.pipe(res); else next();
     };`,
    'app',
  ],
  'exports.app of CommonJS': [`${LISTENER} exports.app = listener;`, 'app.cjs'],
  'module.exports of CommonJS with a handler in it': [
    `${LISTENER} module.exports = { handler: listener, config: { port: 1 } };`,
    'app.cjs',
  ],
  'module.exports of CommonJS that is computed': [
    `${LISTENER} module.exports = Object.fromEntries([['mine', listener]]);`,
    'app.cjs:mine',
  ],
  'a default export with an application in it': [
    `${FETCH} export default { config: {}, app: { fetch: answer } };`,
    'app',
  ],
  'an export beside a default that is no application': [
    `${FETCH} export default { port: 3000 }; export const app = { fetch: answer };`,
    'app',
  ],
  'an https.Server': [
    `import { createServer } from 'node:https'; ${LISTENER} export const server = createServer({}, listener);`,
    'app',
  ],
  'CommonJS with a default of its own': [
    `${LISTENER} Object.defineProperty(exports, '__esModule', { value: true }); exports.default = listener;`,
    'app.cjs',
  ],
};
for (const [shape, [source, name]] of Object.entries(SHAPES)) {
  test(`${shape} is served`, async (t) => {
    const file = name.includes('.cjs') ? 'app.cjs' : 'app.mjs';
    const life = `console.error('loaded');`;
    const pool = await startPool(t, { files: { [file]: `${source}\n${life}` }, args: [name] });
    const hello = await pool.ask('/hello');
    assert.deepEqual([hello.status, hello.text], [200, 'hello']);
    assert.match(String(hello.headers['content-type']), /^text\/plain/);
    const echo = await pool.ask('/echo', { method: 'POST', body: 'word' });
    assert.deepEqual([echo.status, echo.text], [200, 'word']);
    assert.deepEqual((await pool.ask('/none')).status, 404);
    pool.signal('SIGTERM');
    assert.equal(await pool.exited, 0);
    if (shape === 'what Fastify makes') assert.match(pool.log, /fastify closed/);
  });
}

test('startup and shutdown run once per thread, around everything else', async (t) => {
  const source = `export default () => new Response('x');
    export const app = { fetch: () => new Response(state) };
    let state = 'not started';
    export async function startup(worker) { await null; state = 'started ' + worker.threadCount; console.error('up ' + worker.threadIndex); }
    export async function shutdown() { await null; console.error('down'); }`;
  const args = ['app:app', '--threads', '2'];
  const pool = await startPool(t, { files: { 'app.mjs': source }, args });
  assert.equal((await pool.ask('/')).text, 'started 2');
  pool.signal('SIGTERM');
  assert.equal(await pool.exited, 0);
  assert.deepEqual(pool.log.match(/^up \d$/gm)?.toSorted(), ['up 0', 'up 1']);
  assert.equal(pool.log.match(/^down$/gm)?.length, 2);
});

test('an upgrade reaches the server that the application brings', async (t) => {
  const source = `import { createServer } from 'node:http';
    export const server = createServer((req, res) => res.end('plain'));
    server.on('upgrade', (req, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: echo\\r\\nConnection: Upgrade\\r\\n\\r\\n');
      socket.pipe(socket);
    });`;
  const pool = await startPool(t, { files: { 'app.mjs': source }, args: ['app'] });
  const socket = await pool.connected();
  t.after(() => socket.destroy());
  let heard = '';
  socket.setEncoding('latin1').on('data', (piece: string) => {
    heard += piece;
  });
  socket.write('GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
  while (!heard.includes('\r\n\r\n')) await new Promise((resolve) => socket.once('data', resolve));
  socket.write('ping');
  while (!heard.endsWith('ping')) await new Promise((resolve) => socket.once('data', resolve));
  assert.match(heard, /^HTTP\/1\.1 101 /);
});

test('two places to listen serve one (req, res) application', async (t) => {
  const args = ['app', '-b', '127.0.0.1:0', '-b', 'unix:app.sock', '--threads', '2'];
  const source = 'export default (req, res) => res.end(req.socket.remoteAddress ?? "unix");';
  const pool = await startPool(t, { files: { 'app.mjs': source }, args });
  const port = await pool.tcpPort();
  assert.equal((await pool.ask('/', { port, host: '127.0.0.1' })).text, '127.0.0.1');
  assert.equal((await pool.ask('/')).text, 'unix');
});

test('a Response from a function that was taken for a listener is an error with the reason', async (t) => {
  const source = `const answer = () => new Response('x');
    export const app = (...args) => answer(...args); export const later = async (...args) => answer(...args);`;
  for (const name of ['app', 'later']) {
    const pool = await startPool(t, { files: { 'app.mjs': source }, args: [`app:${name}`] });
    assert.equal((await pool.ask('/')).status, 500);
    await pool.sees(/returned a Response, but was taken for a \(request, response\) function/);
  }
});

test('what a (req, res, next) function passes on as an error is logged and answered 500', async (t) => {
  const source = `export default (req, res, next) => next(new Error('broken'));`;
  const pool = await startPool(t, { files: { 'app.mjs': source }, args: ['app'] });
  assert.equal((await pool.ask('/')).status, 500);
  await pool.sees(/Error handling request \/\nError: broken/);
});

test('a stream of text and of other views arrives as bytes', async (t) => {
  const source = `export default { fetch: () => new Response(new ReadableStream({ start(c) {
    c.enqueue('hä'); c.enqueue(''); c.enqueue(new Uint8Array([108]).buffer);
    c.enqueue(new DataView(new Uint8Array([120, 108, 111]).buffer, 1)); c.close(); } })) };`;
  const pool = await startPool(t, { files: { 'app.mjs': source }, args: ['app'] });
  assert.equal((await pool.ask('/')).text, 'hällo');
});

test('a Blob is sent with its type and its length', async (t) => {
  const source = `export default { fetch: () => new Response(new Blob(['hällo'], { type: 'text/x-own' })) };`;
  const pool = await startPool(t, { files: { 'app.mjs': source }, args: ['app'] });
  for (const method of ['GET', 'HEAD']) {
    const { headers, text } = await pool.ask('/', { method });
    assert.deepEqual([headers['content-type'], headers['content-length']], ['text/x-own', '6']);
    assert.equal(text, method === 'GET' ? 'hällo' : '');
  }
});
