/** Clients that read little or nothing of a long response cost bounded memory, then their connection. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Front } from '../harness/front.ts';
import { startProxy } from '../harness/proxy.ts';
import { destroyAll, goodClients, Held } from './clients.ts';
import { firstWorker, growthDuring, MB, workerPid } from './memory.ts';
import { startTiers } from './tiers.ts';

const COUNT = 60;
/** More than sockets and the proxy hold for one client. */
const LENGTH = 16 * MB;

/**
 * Streams 16 MB, as fast as it is taken: one piece again and again, since fresh ones would fill the
 * process with garbage of the application, and the pool's own memory is what is measured.
 */
const STREAM = `const piece = new Uint8Array(65536).fill(120);
export default {
  fetch(request) {
    if (!request.url.endsWith('/long')) return new Response('good');
    let left = ${LENGTH / 65536};
    const pull = (controller) => {
      if (left-- > 0) controller.enqueue(piece);
      else controller.close();
    };
    return new Response(new ReadableStream({ pull }));
  },
};`;

const GET = 'GET /long HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

async function askUnread(port: number): Promise<Held[]> {
  const clients = Array.from({ length: COUNT }, () => new Held(port));
  for (const { socket } of clients) socket.pause();
  await Promise.all(clients.map(({ socket }) => once(socket, 'connect')));
  for (const { socket } of clients) socket.write(GET);
  return clients;
}

/** Each reads one byte, every few milliseconds. */
async function sip(clients: readonly Held[], rounds: number): Promise<void> {
  for (let i = 0; i < rounds; i++) {
    for (const { socket } of clients) socket.read(1);
    await pause(20);
  }
}

/** Good clients are answered, the first before any of those that read nothing is cut, and logged. */
async function serveGood(front: Front, log: string): Promise<void> {
  await goodClients(front, 1);
  assert.doesNotMatch(front.read(log), /\/long/);
  await goodClients(front, 9);
}

/** Ends when the server has cut it: what was sent before is there to be read, but not all. */
async function assertCut(client: Held): Promise<void> {
  client.read().socket.resume();
  await client.closed();
  assert.ok(client.received.length < LENGTH, 'all of it came');
}

for (const buffering of ['on', 'off']) {
  test(`responses of the pool that nobody reads, proxy_buffering ${buffering}`, async (t) => {
    const { proxy, pool } = await startTiers(t, {
      app: STREAM,
      http: 'send_timeout 3s;',
      location: `proxy_buffering ${buffering}; proxy_max_temp_file_size 0;`,
    });
    const poolWorker = await firstWorker(pool);
    let clients: Held[] = [];
    t.after(() => destroyAll(clients));
    let poolGrowth = 0;
    const growth = await growthDuring(workerPid(proxy), async () => {
      poolGrowth = await growthDuring(poolWorker, async () => {
        clients = await askUnread(proxy.port());
        await sip(clients, 25);
        await serveGood(proxy, 'passed.log');
        await proxy.lines('passed.log', (lines) => {
          return lines.filter((line) => line.endsWith('/long')).length === COUNT;
        });
      });
    });
    for (const client of clients) await assertCut(client);
    // All of it would be 960 MB.
    assert.ok(growth < 64 * MB, `the proxy grew by ${growth}`);
    assert.ok(poolGrowth < 64 * MB, `the pool grew by ${poolGrowth}`);
  });
}

test('files that nobody reads', async (t) => {
  const front = await startProxy(
    `send_timeout 3s;
    server { listen 127.0.0.1:8080; location / { root files; } location /good { return 200 good; } }`,
    { files: { 'files/long': 'x'.repeat(LENGTH) } },
  );
  t.after(() => front.stop());
  let clients: Held[] = [];
  t.after(() => destroyAll(clients));
  const growth = await growthDuring(workerPid(front), async () => {
    clients = await askUnread(front.port());
    await sip(clients, 25);
    await serveGood(front, 'access.log');
    await front.lines('access.log', (lines) => {
      return lines.filter((line) => line.includes('GET /long')).length === COUNT;
    });
  });
  for (const client of clients) await assertCut(client);
  assert.ok(growth < 128 * MB, `grew by ${growth}`);
});
