/**
 * What an application throws costs the request it was thrown in: on both engines, at every point,
 * while eight others are in flight. What was thrown past everyone also has the worker replaced.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { type PoolProcess, startPool } from '../appserver/pool-process.ts';
import { RawClient } from '../harness/raw-client.ts';

/** What both kinds of application have in common. */
const COMMON = `
const boom = (what) => { throw new Error('boom in ' + what); };
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const odd = () => ({ [Symbol.for('nodejs.util.inspect.custom')]() { throw new Error('cannot be shown'); } });
`;

const FETCH = `${COMMON}
const stream = (source) => new Response(new ReadableStream(source));
const bytes = new TextEncoder().encode('some');
const views = {
  '/pid': () => new Response(String(process.pid)),
  '/echo': async (request) => new Response('got ' + await request.text()),
  '/sync': () => boom('sync'),
  '/async': async () => { await null; boom('async'); },
  '/null': () => { throw null; },
  '/odd': () => { throw odd(); },
  '/revoked': async () => { await null; throw revoked(); },
  '/nothing': () => undefined,
  '/fraction': () => ({ status: 200.5, headers: new Headers(), body: null }),
  '/no-stream': () => ({ status: 200, headers: new Headers(), body: {} }),
  '/locked': () => { const r = new Response(new ReadableStream({})); r.body.getReader(); return r; },
  '/short': () => new Response(new Blob(['some']).stream(), { headers: { 'Content-Length': '10' } }),
  '/thenable': () => ({ then() { boom('then'); } }),
  '/getter': () => ({ status: 200, get headers() { boom('getter'); } }),
  '/status': () => ({ status: 99, headers: new Headers(), body: null }),
  '/start': () => stream({ start() { boom('start'); } }),
  '/pull': () => stream({ pull() { boom('pull'); } }),
  '/later-pull': () => {
    let pulls = 0;
    return stream({ pull(c) { if (pulls++ === 0) c.enqueue(bytes); else boom('later pull'); } });
  },
  '/no-bytes': () => stream({ pull(c) { c.enqueue({}); } }),
  '/used': async () => { const r = new Response('x'); await r.text(); return r; },
  '/abort': (request, gateway) => {
    gateway.waitUntil(Promise.reject(new Error('boom in waitUntil')));
    return new Response('fine');
  },
  '/upgrade-sync': (request, gateway) => { gateway.upgrade(); boom('upgrade'); },
  '/upgrade-data': (request, gateway) => {
    const { socket } = gateway.upgrade();
    socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: x\\r\\n\\r\\n');
    socket.on('data', () => boom('data of a tunnel'));
  },
  '/timer': () => new Promise(() => { setTimeout(() => boom('timer')); }),
  '/immediate': async () => { await null; return new Promise(() => { setImmediate(() => boom('immediate')); }); },
  '/rejection': () => new Promise(() => { Promise.reject(new Error('boom in rejection')); }),
  '/half': () => stream({ start(c) { c.enqueue(bytes); setTimeout(() => boom('half')); } }),
  '/after': () => { setTimeout(() => boom('after')); return new Response('fine'); },
};
export default { fetch: (request, gateway) => views[new URL(request.url).pathname](request, gateway) };
`;

const NODE = `${COMMON}
import { createServer } from 'node:http';
const views = {
  '/pid': (request, response) => response.end(String(process.pid)),
  '/echo': async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    response.end('got ' + text);
  },
  '/sync': () => boom('sync'),
  '/async': async () => { await null; boom('async'); },
  '/null': () => { throw null; },
  '/odd': () => { throw odd(); },
  '/revoked': async () => { await null; throw revoked(); },
  '/thenable': () => ({ then(done, fail) { fail(new Error('boom in then')); } }),
  '/short': (request, response) => { response.setHeader('Content-Length', 10); response.end('some'); },
  '/short-later': (request, response) => {
    response.writeHead(200, { 'Content-Length': 10 });
    response.write('some', () => response.end());
  },
  '/destroyed': (request, response) => { response.destroy(new Error('boom in destroy')); },
  '/no-methods': (request, response) => {
    response.writeHead = response.end = response.destroy = undefined;
    boom('no methods');
  },
  '/no-prototype': (request, response) => { Object.setPrototypeOf(response, null); boom('no prototype'); },
  '/field': (request, response) => response.setHeader('x', 'a\\nb'),
  '/status': (request, response) => response.writeHead(99),
  '/late-field': (request, response) => { response.write('some'); response.setHeader('x', 'y'); },
  '/emitted': (request, response) => { response.emit('error', new Error('boom in emitted')); },
  '/broken-response': (request, response) => { response.writeHead = () => boom('writeHead'); boom('handler'); },
  '/write-after-end': (request, response) => {
    response.end('fine');
    response.write('more');
  },
  '/data': (request) => { request.on('data', () => boom('data')); },
  '/end': (request) => { request.resume(); request.on('end', () => boom('end')); },
  '/timer': () => { setTimeout(() => boom('timer')); },
  '/rejection': () => { Promise.reject(new Error('boom in rejection')); },
  '/half': (request, response) => { response.write('some'); setTimeout(() => boom('half')); },
  '/after': (request, response) => { response.end('fine'); response.on('finish', () => boom('after')); },
};
const upgrades = {
  '/upgrade-sync': () => boom('upgrade'),
  '/upgrade-async': async () => { await null; boom('upgrade'); },
  '/upgrade-data': (request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: upgrade\\r\\nUpgrade: x\\r\\n\\r\\n');
    socket.on('data', () => boom('data of a tunnel'));
  },
};
const pathOf = (request) => new URL(request.url, 'http://x').pathname;
export const server = createServer((request, response) => views[pathOf(request)](request, response));
server.on('upgrade', (request, socket) => upgrades[pathOf(request)](request, socket));
`;

/** What the client is told: a status, or that the answer was cut after one. */
type Outcome = number | 'cut';

interface Point {
  readonly path: string;
  readonly outcome: Outcome;
  /** What the log says of it. */
  readonly says: string;
}

/** Ends its request alone. */
const FETCH_POINTS: readonly Point[] = [
  { path: '/sync', outcome: 500, says: 'boom in sync' },
  { path: '/async', outcome: 500, says: 'boom in async' },
  { path: '/null', outcome: 500, says: 'null' },
  { path: '/odd', outcome: 500, says: 'an error that cannot be shown' },
  { path: '/revoked', outcome: 500, says: 'Error handling request /revoked' },
  { path: '/nothing', outcome: 500, says: 'expected a Response' },
  { path: '/fraction', outcome: 500, says: 'status 200.5' },
  { path: '/no-stream', outcome: 500, says: 'getReader is not a function' },
  { path: '/locked', outcome: 500, says: 'locked' },
  { path: '/short', outcome: 'cut', says: 'ended after 4 of 10 announced bytes' },
  { path: '/thenable', outcome: 500, says: 'boom in then' },
  { path: '/getter', outcome: 500, says: 'boom in getter' },
  { path: '/status', outcome: 500, says: 'status 99' },
  { path: '/start', outcome: 500, says: 'boom in start' },
  { path: '/pull', outcome: 'cut', says: 'boom in pull' },
  { path: '/later-pull', outcome: 'cut', says: 'boom in later pull' },
  { path: '/no-bytes', outcome: 'cut', says: 'expected a Uint8Array' },
  { path: '/used', outcome: 500, says: 'already been read' },
  { path: '/abort', outcome: 200, says: 'boom in waitUntil' },
  { path: '/upgrade-sync', outcome: 500, says: 'boom in upgrade' },
  { path: '/upgrade-data', outcome: 'cut', says: 'boom in data of a tunnel' },
];
const NODE_POINTS: readonly Point[] = [
  { path: '/sync', outcome: 500, says: 'boom in sync' },
  { path: '/async', outcome: 500, says: 'boom in async' },
  { path: '/null', outcome: 500, says: 'null' },
  { path: '/odd', outcome: 500, says: 'an error that cannot be shown' },
  { path: '/revoked', outcome: 500, says: 'Error handling request /revoked' },
  { path: '/thenable', outcome: 500, says: 'boom in then' },
  { path: '/short', outcome: 500, says: 'ended after 4 of 10 announced bytes' },
  { path: '/short-later', outcome: 'cut', says: 'ended after 4 of 10 announced bytes' },
  { path: '/destroyed', outcome: 'cut', says: 'boom in destroy' },
  { path: '/no-methods', outcome: 'cut', says: 'boom in no methods' },
  { path: '/no-prototype', outcome: 'cut', says: 'boom in no prototype' },
  { path: '/field', outcome: 500, says: 'Invalid character in header content' },
  { path: '/status', outcome: 500, says: 'Invalid status code: 99' },
  { path: '/late-field', outcome: 'cut', says: 'Cannot set headers after' },
  { path: '/emitted', outcome: 500, says: 'boom in emitted' },
  { path: '/broken-response', outcome: 'cut', says: 'boom in handler' },
  { path: '/write-after-end', outcome: 200, says: 'write after end' },
  { path: '/upgrade-sync', outcome: 'cut', says: 'boom in upgrade' },
  { path: '/upgrade-async', outcome: 'cut', says: 'boom in upgrade' },
  { path: '/upgrade-data', outcome: 'cut', says: 'boom in data of a tunnel' },
];

/** Thrown past everyone: the worker is replaced besides. */
const FETCH_UNCAUGHT: readonly Point[] = [
  { path: '/timer', outcome: 500, says: 'boom in timer' },
  { path: '/immediate', outcome: 500, says: 'boom in immediate' },
  { path: '/rejection', outcome: 500, says: 'boom in rejection' },
  { path: '/half', outcome: 'cut', says: 'boom in half' },
  { path: '/after', outcome: 200, says: 'boom in after' },
];
const NODE_UNCAUGHT: readonly Point[] = [
  { path: '/timer', outcome: 500, says: 'boom in timer' },
  { path: '/rejection', outcome: 500, says: 'boom in rejection' },
  { path: '/data', outcome: 500, says: 'boom in data' },
  { path: '/end', outcome: 500, says: 'boom in end' },
  { path: '/half', outcome: 'cut', says: 'boom in half' },
  { path: '/after', outcome: 200, says: 'boom in after' },
];

const OTHERS = 8;

/** Requests whose content is not complete; the function completes them and looks at the answers. */
async function startOthers(pool: PoolProcess): Promise<() => Promise<void>> {
  const clients: RawClient[] = [];
  for (let i = 0; i < OTHERS; i++) {
    const client = await RawClient.connect(pool.socketPath);
    client.send(
      'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n',
    );
    // The 100 shows that the request is with the application.
    assert.equal((await client.response()).status, 100);
    client.send('ab');
    clients.push(client);
  }
  return async () => {
    for (const client of clients) {
      client.send('cd');
      assert.equal((await client.response()).content, 'got abcd');
      client.destroy();
    }
  };
}

async function outcomeOf(pool: PoolProcess, path: string): Promise<Outcome> {
  const client = await RawClient.connect(pool.socketPath);
  const isUpgrade = path.startsWith('/upgrade');
  const content = 'x'.repeat(10);
  client.send(
    isUpgrade
      ? `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n`
      : `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 10\r\n\r\n${content}`,
  );
  try {
    const { status } = await client.response();
    if (status !== 101) return status;
    client.send('bytes');
    await client.rest();
    return 'cut';
  } catch (error) {
    assert.match(String(error), /no whole response/);
    return 'cut';
  } finally {
    client.destroy();
  }
}

async function pidOf(pool: PoolProcess): Promise<number> {
  return Number((await pool.ask('/pid')).text);
}

function literally(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
}

const ENGINES = [
  { name: 'an app with fetch', app: FETCH, points: FETCH_POINTS, uncaught: FETCH_UNCAUGHT },
  { name: 'a server of node:http', app: NODE, points: NODE_POINTS, uncaught: NODE_UNCAUGHT },
];

function start(t: TestContext, app: string): Promise<PoolProcess> {
  const args = ['app', '--timeout', '0', '--workers', '1'];
  return startPool(t, { files: { 'app.mjs': app }, args });
}

for (const { name, app, points, uncaught } of ENGINES) {
  test(`what ${name} throws at its caller ends the request alone`, async (t) => {
    const pool = await start(t, app);
    const finishOthers = await startOthers(pool);
    const pid = await pidOf(pool);
    for (const { path, outcome, says } of points) {
      assert.equal(await outcomeOf(pool, path), outcome, path);
      await pool.sees(literally(says));
      const before =
        path === '/abort' ? 'Error in waitUntil\n' : `Error handling request ${path}\n`;
      await pool.sees(literally(before));
    }
    await finishOthers();
    assert.equal(await pidOf(pool), pid);
    assert.doesNotMatch(pool.log, /Uncaught|takes no more requests/);
  });

  test(`what ${name} throws past everyone costs its request, and a new worker follows`, async (t) => {
    const pool = await start(t, app);
    for (const { path, outcome, says } of uncaught) {
      const finishOthers = await startOthers(pool);
      const pid = await pidOf(pool);
      assert.equal(await outcomeOf(pool, path), outcome, path);
      await pool.sees(literally(says));
      await pool.sees(
        literally(`Uncaught exception in the application handling request ${path}\n`),
      );
      // Nobody is refused meanwhile, and nobody new meets the worker that goes.
      for (let i = 0; i < 4; i++) assert.notEqual(await pidOf(pool), pid, path);
      await finishOthers();
      await pool.sees(literally(`Worker exiting (pid: ${pid})`));
    }
    assert.doesNotMatch(pool.log, /did not stop in time|exited with code/);
  });
}

test('an exception that belongs to no request costs none', async (t) => {
  const app = `${COMMON}
import { existsSync, writeFileSync } from 'node:fs';
let isFirst = !existsSync('first');
if (isFirst) {
  writeFileSync('first', '');
  process.on('SIGUSR2', () => boom('signal'));
}
export default {
  async fetch(request) {
    if (request.url.endsWith('/pid')) return new Response(String(process.pid));
    return new Response('got ' + await request.text());
  },
};`;
  const pool = await start(t, app);
  const finishOthers = await startOthers(pool);
  const pid = await pidOf(pool);
  process.kill(pid, 'SIGUSR2');
  await pool.sees(/Uncaught exception in the application\n[\s\S]*boom in signal[\s\S]*app\.mjs/);
  for (let i = 0; i < 4; i++) assert.notEqual(await pidOf(pool), pid);
  await finishOthers();
  await pool.sees(literally(`Worker exiting (pid: ${pid})`));
});

test('a response that the application froze costs no other request', async (t) => {
  const app = `
export default async (request, response) => {
  if (request.url === '/pid') return response.end(String(process.pid));
  if (request.url === '/frozen') return Object.freeze(response).end('never whole');
  let text = '';
  for await (const chunk of request) text += chunk;
  response.end('got ' + text);
};`;
  const pool = await start(t, app);
  const finishOthers = await startOthers(pool);
  const pid = await pidOf(pool);
  assert.equal(await outcomeOf(pool, '/frozen'), 'cut');
  await finishOthers();
  await pool.sees(literally(`Worker exiting (pid: ${pid})`));
  assert.doesNotMatch(pool.log, /exited with code/);
});

test('the signal of a request that fails past everyone names its request', async (t) => {
  const app = `
export default {
  fetch(request) {
    if (request.url.endsWith('/pid')) return new Response(String(process.pid));
    request.signal.addEventListener('abort', () => { throw new Error('boom in abort'); });
    return new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(1)) }));
  },
};`;
  const pool = await start(t, app);
  const client = await RawClient.connect(pool.socketPath);
  client.send('GET /abort HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(client.socket, 'data');
  client.destroy();
  await pool.sees(/application handling request \/abort\n[\s\S]*boom in abort/);
});
