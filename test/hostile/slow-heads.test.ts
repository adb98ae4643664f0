/** Slowloris: heads that come one byte at a time end with client_header_timeout, whatever comes. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Front } from '../harness/front.ts';
import { startProxy } from '../harness/proxy.ts';
import { destroyAll, dribble, goodClients, openMany, TOO_LONG_MS } from './clients.ts';
import { growthDuring, MB, workerPid } from './memory.ts';

const COUNT = 100;
const HEAD = `GET /slow HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(500)}`;
const HTTP = `client_header_timeout 3s; keepalive_timeout 10s;
server { listen 127.0.0.1:8080; location / { return 200 good; } }`;

let front: Front;

before(async () => {
  front = await startProxy(HTTP);
});

after(() => front.stop());

test('each byte does not start client_header_timeout anew', async (t) => {
  const growth = await growthDuring(workerPid(front), async () => {
    const slow = await openMany(front.port(), COUNT);
    t.after(() => destroyAll(slow));
    const fed = dribble(slow, HEAD, 50);
    await goodClients(front, 10, slow);
    await Promise.all([fed, ...slow.map((client) => client.closed())]);
    for (const { heldMs, received } of slow) {
      // nginx answers 408 to nobody whose head is not whole: it closes.
      assert.equal(received, '');
      assert.ok(heldMs < TOO_LONG_MS, `held for ${heldMs} ms`);
    }
  });
  assert.ok(growth < 64 * MB, `grew by ${growth}`);
});

test('nor in the second head of a connection', async (t) => {
  const slow = await openMany(front.port(), 20);
  t.after(() => destroyAll(slow));
  for (const { socket } of slow) socket.write('GET /good HTTP/1.1\r\nHost: a\r\n\r\n');
  await dribble(slow, HEAD, 50);
  await Promise.all(slow.map((client) => client.closed()));
  for (const { heldMs, received } of slow) {
    assert.equal(received.match(/HTTP\/1\.1 200 /g)?.length, 1);
    assert.ok(heldMs < TOO_LONG_MS, `held for ${heldMs} ms`);
  }
});

test('empty lines without end are no way to hold a connection', async (t) => {
  const slow = await openMany(front.port(), 20);
  t.after(() => destroyAll(slow));
  await dribble(slow, '\r\n'.repeat(300), 50);
  await Promise.all(slow.map((client) => client.closed()));
  for (const { heldMs } of slow) assert.ok(heldMs < TOO_LONG_MS, `held for ${heldMs} ms`);
});
