/** Addresses: sockets, shared ports, and the threads behind them. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startProxy } from '../harness/proxy.ts';
import { ask, get, RawClient } from '../harness/raw-client.ts';

test('a server listens on ports and on Unix sockets, which end with it', async () => {
  const front = await startProxy(`
    server { listen 127.0.0.1:8080; listen unix:a.sock; return 200 "$server_addr $server_port"; }
    server { listen 127.0.0.1:8081; listen unix:a.sock; server_name b; return 200 "b $remote_addr"; }
  `);
  const socket = join(front.folder, 'a.sock');
  try {
    assert.match((await front.ask(get('/'))).content, /^127\.0\.0\.1 \d+$/);
    assert.equal((await ask(socket, get('/'))).content, 'unix:a.sock ');
    assert.equal((await ask(socket, get('/', 'Host: b'))).content, 'b unix:');
    assert.equal(statSync(socket).mode & 0o777, 0o666);
  } finally {
    await front.stop();
  }
  await assert.rejects(ask(socket, get('/')));
});

test('an exact address on the port of a wildcard has its own servers', async (t) => {
  const probe = await startProxy('server { listen 127.0.0.1:8080; return 200 x; }');
  const port = probe.port();
  await probe.stop();
  const front = await startProxy(`
    server { listen *:${port}; return 200 any; }
    server { listen 127.0.0.2:${port}; return 200 two; }
    server { listen 127.0.0.2:${port}; server_name n; return 200 two-n; }
  `);
  t.after(() => front.stop());
  // The start waits for addresses of 127.0.0.1 alone.
  const deadline = Date.now() + 60_000;
  const anybody = async (): Promise<string | undefined> =>
    (await ask(port, get('/')).catch(() => undefined))?.content;
  let first = await anybody();
  while (first === undefined && Date.now() < deadline) first = await anybody();
  assert.equal(first, 'any');
  const { connect } = await import('node:net');
  const said = (request: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let text = '';
      connect(port, '127.0.0.2')
        .on('data', (chunk) => {
          text += chunk;
        })
        .on('end', () => resolve(text.slice(text.indexOf('\r\n\r\n') + 4)))
        .on('error', reject)
        .write(request);
    });
  assert.equal(await said(get('/')), 'two');
  assert.equal(await said(get('/', 'Host: n')), 'two-n');
});

test('reuseport and backlog are taken', async (t) => {
  const front = await startProxy(
    'server { listen 127.0.0.1:8080 reuseport backlog=7; return 200 x; }',
    { main: 'worker_processes 2;' },
  );
  t.after(() => front.stop());
  for (let turn = 0; turn < 8; turn++) assert.equal((await front.ask(get('/'))).content, 'x');
});

test('$connection is another one for each connection, whichever thread accepts it', async (t) => {
  const front = await startProxy('server { listen 127.0.0.1:8080; return 200 $connection; }', {
    main: 'worker_processes 3;',
  });
  t.after(() => front.stop());
  const clients = await Promise.all(
    Array.from({ length: 30 }, () => RawClient.connect(front.port())),
  );
  const numbers = await Promise.all(
    clients.map(async (client) => {
      client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      return (await client.response()).content;
    }),
  );
  for (const client of clients) client.destroy();
  assert.equal(new Set(numbers).size, 30);
  for (const number of numbers) assert.match(number, /^[1-9]\d*$/);
});

test('at worker_connections a thread accepts no more until one closes', async (t) => {
  const front = await startProxy('server { listen 127.0.0.1:8080; return 200 x; }');
  t.after(() => front.stop());
  const clients: RawClient[] = [];
  for (let index = 0; index < 256; index++) clients.push(await RawClient.connect(front.port()));
  const late = await RawClient.connect(front.port());
  late.send(get('/'));
  clients[0]?.send(get('/'));
  assert.equal((await clients[0]?.response())?.content, 'x');
  assert.equal((await late.response()).content, 'x');
  for (const client of [...clients, late]) client.destroy();
});
