/** Applications that call `listen()` themselves: the pool accepts in their place. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { freePorts } from '../harness/ports.ts';
import { type PoolProcess, runToEnd, startPool } from './pool-process.ts';

const [PORT, OTHER_PORT] = await freePorts(2);

function run(t: TestContext, source: string, ...args: string[]): Promise<PoolProcess> {
  const file = source.includes('require(') ? 'app.cjs' : 'app.mjs';
  return startPool(t, { files: { [file]: source }, args: args.length > 0 ? args : ['app'] });
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => socket.destroy()).once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  });
}

const WAYS: Record<string, string> = {
  'at once': `import { createServer } from 'node:http';
    createServer((req, res) => res.end('hello')).listen(${PORT}, () => console.log('told'));`,
  'in CommonJS, from inside a promise': `const { createServer } = require('node:http');
    (async () => { await new Promise((done) => setTimeout(done, 400)); // a database that is slow
      createServer((req, res) => res.end('hello')).listen({ port: ${PORT} }, () => console.log('told')); })();`,
  'and waits for it at the top level': `import { createServer } from 'node:http'; import { once } from 'node:events';
    const server = createServer(); server.listen('${PORT}', '127.0.0.1'); await once(server, 'listening');
    console.log(server.listening && server.address().port === ${PORT} ? 'told' : server.address());
    server.on('request', (req, res) => res.end('hello'));`,
  'after it has read a file': `import { createServer } from 'node:http'; import { readFile } from 'node:fs';
    readFile(import.meta.filename, () => setImmediate(() =>
      createServer((req, res) => res.end('hello')).listen(${PORT}).on('listening', () => console.log('told'))));`,
  'on a port, beside a path that is none': `import { createServer } from 'node:http';
    const server = createServer((req, res) => res.end('hello'));
    server.listen({ path: false, port: '${PORT}' }, () => console.log(server.address().port === ${PORT} ? 'told' : server.address()));`,
  'on a Unix socket, with exports that are no application': `import { createServer } from 'node:http';
    export const app = { name: 'x' }; export const handler = () => {};
    createServer((req, res) => res.end('hello')).listen('own.sock', () => console.log('told'));`,
  'with TLS': `import { createServer } from 'node:https';
    createServer({}, (req, res) => res.end('hello')).listen(${PORT}, () => console.log('told'));`,
};
for (const [way, source] of Object.entries(WAYS)) {
  test(`an application that listens ${way} is served by every worker, on the pool's socket`, async (t) => {
    const pool = await run(t, source, 'app', '--workers', '2');
    assert.equal((await pool.ask('/')).text, 'hello');
    await pool.sees(/^told$/m, 2);
    await pool.sees(
      /The application listens on (port \d+|127\.0\.0\.1:\d+|unix:own\.sock): the pool accepts in its place/,
      2,
    );
    assert.equal(await isOpen(PORT!), false);
    assert.doesNotMatch(pool.log, /\[(WARNING|ERROR)\]/);
    pool.signal('SIGTERM');
    assert.equal(await pool.exited, 0);
  });
}

test('a listening application keeps its upgrades, and each thread has a copy', async (t) => {
  const source = `import { createServer } from 'node:http';
    const server = createServer((req, res) => res.end('plain')).listen(${PORT});
    server.on('upgrade', (req, socket) => socket.end('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: x\\r\\nConnection: Upgrade\\r\\n\\r\\nbye'));`;
  const pool = await run(t, source, 'app', '--threads', '2');
  const answer = await pool.raw(
    'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
  );
  assert.match(answer, /^HTTP\/1\.1 101 (?:.|\r\n)*bye$/);
  assert.equal(pool.log.match(/The application listens on/g)?.length, 1);
});

test('a second server is told of, and is not bound', async (t) => {
  const source = `import { createServer } from 'node:http';
    createServer((req, res) => res.end('first')).listen(${PORT});
    createServer((req, res) => res.end('second')).listen(${OTHER_PORT}, '127.0.0.1', () => console.log('went on'));`;
  const pool = await run(t, source, 'app', '--workers', '2');
  assert.equal((await pool.ask('/')).text, 'first');
  await pool.sees(/went on/, 2);
  const warning = `A further server of the application wants to listen on 127.0.0.1:${OTHER_PORT}: nothing listens there, the first is the application`;
  await pool.sees(new RegExp(`\\[WARNING\\] ${warning}`), 2);
  assert.equal(await isOpen(OTHER_PORT!), false);
});

test('without EXPORT the server that listens is the application; a named export is what was named', async (t) => {
  const source = `import { createServer } from 'node:http';
    export const app = (req, res) => res.end('export');
    export const same = (req, res) => res.end('same');
    createServer((req, res) => res.end('server')).listen(${PORT});
    createServer(same).listen(${OTHER_PORT});`;
  const pool = await run(t, source);
  assert.equal((await pool.ask('/')).text, 'server');
  const named = await run(t, source, 'app:app');
  assert.equal((await named.ask('/')).text, 'export');
  await named.sees(
    new RegExp(
      `wants to listen on port ${PORT}: nothing listens there, the application is the export`,
    ),
  );
  assert.equal(await isOpen(PORT!), false);
});

test('a server of the exported function brings what else hangs on it', async (t) => {
  const source = `import { createServer } from 'node:http';
    export const app = (req, res) => res.end('plain');
    createServer(app).on('upgrade', (req, socket) => socket.end('HTTP/1.1 101 Switching Protocols\\r\\n\\r\\nbye')).listen(${PORT});`;
  const pool = await run(t, source, 'app:app');
  const answer = await pool.raw(
    'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
  );
  assert.match(answer, /bye$/);
});

test('a factory that listens and returns nothing is served', async (t) => {
  const source = `import { createServer } from 'node:http';
    export async function main(text) { createServer((req, res) => res.end(text)).listen(${PORT}); }`;
  const pool = await run(t, source, 'app:main("hello")');
  assert.equal((await pool.ask('/')).text, 'hello');
});

test('a server that is closed at TERM answers what is under way before its close is over', async (t) => {
  const source = `import { createServer } from 'node:http';
    let answer;
    const server = createServer((req, res) => { console.log('asked'); answer = () => res.end('whole'); }).listen(${PORT});
    process.on('SIGTERM', () => {
      server.close((error) => { console.log('closed', error); process.exit(0); });
      setImmediate(() => answer());
    });`;
  const pool = await run(t, source);
  const asked = pool.ask('/');
  await pool.sees(/^asked$/m);
  process.kill(pool.workerPids[0]!, 'SIGTERM');
  assert.equal((await asked).text, 'whole');
  await pool.sees(/^closed undefined$/m);
});

test('an exported http.Server hears listening and close, once each', async (t) => {
  const source = `import { createServer } from 'node:http';
    export const server = createServer((req, res) => res.end(JSON.stringify(server.address())));
    server.on('listening', () => console.log('listening now')).on('close', () => console.log('closed now'));
    export const shutdown = () => console.log('shutdown now');`;
  const pool = await run(t, source, 'app', '--threads', '1');
  assert.equal((await pool.ask('/')).text, '"app.sock"');
  pool.signal('SIGTERM');
  assert.equal(await pool.exited, 0);
  assert.deepEqual(pool.log.match(/^\w+ now$/gm), ['listening now', 'shutdown now', 'closed now']);
});

test('a server of net that speaks no HTTP listens by itself', async (t) => {
  const source = `import { createServer } from 'node:http'; import net from 'node:net';
    createServer((req, res) => res.end('web')).listen(${PORT});
    net.createServer((socket) => socket.end()).listen(${OTHER_PORT}, '127.0.0.1', () => console.log('raw listens'));`;
  const pool = await run(t, source);
  await pool.sees(/raw listens/);
  assert.equal(await isOpen(OTHER_PORT!), true);
  assert.equal((await pool.ask('/')).text, 'web');
});

test('a module that neither exports an application nor listens is refused', async (t) => {
  const files = { 'app.mjs': 'console.log("here"); export const x = 1; setTimeout(() => {}, 50);' };
  const { code, log } = await runToEnd(t, { files, args: ['app'] });
  assert.equal(code, 4);
  assert.match(
    log,
    /Failed to find an application in "app": looked for .* \(it has x\), and it calls no listen\(\)/,
  );
});

test('--check-config accepts an application that listens, and binds nothing', async (t) => {
  const source = `import { createServer } from 'node:http'; createServer().listen(${PORT}, () => console.log('went on'));`;
  const { code } = await runToEnd(t, {
    files: { 'app.mjs': source },
    args: ['app', '--check-config'],
  });
  assert.equal(code, 0);
});
