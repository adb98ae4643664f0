/** A million requests in few writes: answered in order, memory bounded by what is read. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startProxy } from '../harness/proxy.ts';
import { goodClients, Held } from './clients.ts';
import { firstWorker, growthDuring, MB, workerPid } from './memory.ts';
import { startTiers } from './tiers.ts';

const COUNT = 100_000;
const MILLION = 1_000_000;
const REQUEST = 'GET /n HTTP/1.1\r\nHost: a\r\n\r\n';
const LAST = 'GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

function serving(keepaliveRequests: number): string {
  return `keepalive_requests ${keepaliveRequests}; access_log off; send_timeout 1s; keepalive_timeout 2s;
  server { listen 127.0.0.1:8080; return 200 n; }`;
}

function answersIn(text: string): number {
  return text.split('HTTP/1.1 200 OK').length - 1;
}

test('a million are answered where keepalive_requests allows them', async (t) => {
  const front = await startProxy(serving(MILLION * 2));
  t.after(() => front.stop());
  const one = await front.ask(REQUEST);
  const oneBytes = one.head.length + '\r\n\r\nn'.length;
  let received = 0;
  const growth = await growthDuring(workerPid(front), async () => {
    const client = new Held(front.port());
    t.after(() => client.socket.destroy());
    client.socket.on('data', (text: string) => {
      received += text.length;
    });
    const part = REQUEST.repeat(MILLION / 10);
    for (let i = 0; i < 10; i++) client.socket.write(part);
    client.socket.write(LAST);
    await goodClients(front, 1, [client]);
    await client.closed();
  });
  // The last one says `close` in place of `keep-alive`.
  assert.equal(received, oneBytes * (MILLION + 1) - ('keep-alive'.length - 'close'.length));
  // A heap full of garbage: 67 MB after 300,000 requests, 141 after a million, 137 after three.
  assert.ok(growth < 256 * MB, `grew by ${growth}`);
});

test('by default the connection ends after a thousand', async (t) => {
  const front = await startProxy(serving(1000));
  t.after(() => front.stop());
  const client = new Held(front.port()).read();
  t.after(() => client.socket.destroy());
  client.socket.write(REQUEST.repeat(COUNT));
  await client.closed();
  assert.equal(answersIn(client.received), 1000);
  assert.match(client.received, /Connection: close\r\n\r\nn$/);
});

test('a client that reads no answer gets no more of them made', async (t) => {
  const front = await startProxy(serving(COUNT * 2));
  t.after(() => front.stop());
  const client = new Held(front.port());
  t.after(() => client.socket.destroy());
  client.socket.pause();
  await once(client.socket, 'connect');
  const growth = await growthDuring(workerPid(front), async () => {
    for (let i = 0; i < 10; i++) client.socket.write(REQUEST.repeat(COUNT / 10));
    for (let i = 0; i < 40; i++) {
      await goodClients(front, 1);
      await pause(50);
    }
  });
  // send_timeout has passed by now.
  client.read().socket.resume();
  await client.closed();
  assert.ok(answersIn(client.received) < COUNT);
  assert.ok(growth < 96 * MB, `grew by ${growth}`);
});

test('the pool is asked one by one, by each connection', async (t) => {
  const { proxy, pool } = await startTiers(t, {
    app: `let busy = 0;
    let most = 0;
    export default {
      async fetch() {
        most = Math.max(most, ++busy);
        await new Promise((resolve) => setImmediate(resolve));
        busy--;
        return new Response('most ' + most);
      },
    };`,
    http: 'keepalive_requests 3000;',
  });
  const client = new Held(proxy.port()).read();
  t.after(() => client.socket.destroy());
  const growth = await growthDuring(await firstWorker(pool), async () => {
    client.socket.write(REQUEST.repeat(2000) + LAST);
    await client.closed();
  });
  assert.equal(answersIn(client.received), 2001);
  assert.match(client.received, /most 1$/);
  assert.ok(growth < 96 * MB, `grew by ${growth}`);
});
