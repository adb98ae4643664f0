/** Clients that connect and say nothing, or fall silent, hold neither the proxy nor the pool. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startProxy } from '../harness/proxy.ts';
import { destroyAll, goodClients, type Held, openMany, TOO_LONG_MS } from './clients.ts';
import { growthDuring, MB, workerPid } from './memory.ts';
import { startTiers } from './tiers.ts';

const COUNT = 400;
const THOUSANDS = 3000;
/** Of 511, which is what `listen` has by default. */
const LESS_THAN_BACKLOG = 300;
const REQUEST = 'GET /good HTTP/1.1\r\nHost: a\r\n\r\n';

test('thousands of silent connections are closed by client_header_timeout, others are served', async (t) => {
  const front = await startProxy(
    `client_header_timeout 4s; keepalive_timeout 1s;
    server { listen 127.0.0.1:8080; location / { return 200 good; } }`,
    { connections: THOUSANDS + 100 },
  );
  t.after(() => front.stop());
  const growth = await growthDuring(workerPid(front), async () => {
    const silent: Held[] = [];
    t.after(() => destroyAll(silent));
    while (silent.length < THOUSANDS) {
      const more = await openMany(front.port(), LESS_THAN_BACKLOG);
      silent.push(...more);
      // It comes last, so all before it are accepted. One that a full backlog turns away hangs.
      await goodClients(front, 1, more);
    }
    await goodClients(front, 20);
    await Promise.all(silent.map((client) => client.closed()));
    for (const { received, heldMs } of silent) {
      assert.equal(received, '');
      assert.ok(heldMs >= 3800 && heldMs < TOO_LONG_MS, `held for ${heldMs} ms`);
    }
  });
  assert.ok(growth < 64 * MB, `grew by ${growth}`);
});

test('beyond worker_connections others wait, and are served once the silent are gone', async (t) => {
  const front = await startProxy(
    `client_header_timeout 1s;
    server { listen 127.0.0.1:8080; location / { return 200 good; } }`,
  );
  t.after(() => front.stop());
  const silent = await openMany(front.port(), COUNT);
  t.after(() => destroyAll(silent));
  await goodClients(front, 1);
  await Promise.all(silent.map((client) => client.closed()));
  for (const { received } of silent) assert.equal(received, '');
});

test('clients that fall silent after a request are closed by keepalive_timeout', async (t) => {
  const front = await startProxy(
    `client_header_timeout 30s; keepalive_timeout 500ms;
    server { listen 127.0.0.1:8080; location / { return 200 good; } }`,
  );
  t.after(() => front.stop());
  const clients = await openMany(front.port(), 100);
  t.after(() => destroyAll(clients));
  for (const { socket } of clients) socket.write(REQUEST);
  await Promise.all(clients.map((client) => client.closed()));
  for (const { received, heldMs } of clients) {
    assert.match(received, /^HTTP\/1\.1 200 /);
    assert.ok(heldMs >= 400 && heldMs < TOO_LONG_MS, `held for ${heldMs} ms`);
  }
});

test('silent connections to the pool itself hold no request of others', async (t) => {
  const { proxy, pool } = await startTiers(t, { args: ['--keep-alive', '1'] });
  const silent = await openMany(pool.socketPath, 200);
  t.after(() => destroyAll(silent));
  await goodClients(proxy, 10, silent);
});
