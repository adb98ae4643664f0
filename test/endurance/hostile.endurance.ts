/** Hostile clients of every kind beside good ones: the good ones notice nothing, memory stays flat. */
import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { workerPid } from '../hostile/memory.ts';
import { MemoryRecord } from './memory-record.ts';
import { childrenOf, countedPosts, DURATION_MS, loadOn, startSite, summary } from './site.ts';

/** Connections of each kind at a time, and how long each is held at most. */
const EACH = 25;
const HOLD_MS = 4000;
/** Growth that a heap of garbage may show, in MB. */
const MOST_GROWTH = 60;

const HEAD = 'Host: h\r\n';
const CHUNKED = `POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n`;

/** What each kind sends at once, and then again and again until it is closed. */
const KINDS: readonly { readonly name: string; readonly first: string; readonly more: string }[] = [
  { name: 'silent', first: '', more: '' },
  { name: 'slow head', first: 'GET / HTTP/1.1\r\nX: ', more: 'x' },
  {
    name: 'slow content',
    first: `POST / HTTP/1.1\r\n${HEAD}Content-Length: 9000\r\n\r\n`,
    more: 'x',
  },
  { name: 'endless extension', first: `${CHUNKED}5;`, more: 'x=y;'.repeat(256) },
  { name: 'endless trailers', first: `${CHUNKED}0\r\n`, more: `${'x: y\r\n'.repeat(200)}` },
  { name: 'huge field', first: 'GET / HTTP/1.1\r\nX: ', more: 'x'.repeat(4096) },
  { name: 'many fields', first: 'GET / HTTP/1.1\r\n', more: 'a: b\r\n'.repeat(500) },
  {
    name: 'two lengths',
    first: `POST / HTTP/1.1\r\n${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`,
    more: '',
  },
  {
    name: 'length and chunks',
    first: `POST / HTTP/1.1\r\n${HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    more: '',
  },
  {
    name: 'flood unread',
    first: '',
    more: `GET /files/page.html HTTP/1.1\r\n${HEAD}\r\n`.repeat(50),
  },
  {
    name: 'traversal',
    first: `GET /files/..%2f..%2f..%2fetc/passwd HTTP/1.1\r\n${HEAD}\r\n`,
    more: '',
  },
  { name: 'rubbish', first: '\x16\x03\x01\x02\0\x01\0', more: '\0' },
  { name: 'leaves early', first: `GET / HTTP/1.1\r\n${HEAD}\r\n`, more: 'leave' },
];

/** One hostile connection from its beginning to its end. */
async function attack(port: number, first: string, more: string): Promise<void> {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {}); // A reset is what it asked for.
  socket.pause();
  if (first !== '') socket.write(first, 'latin1');
  if (more === 'leave') {
    await pause(1);
    socket.resetAndDestroy();
    return;
  }
  const until = performance.now() + HOLD_MS;
  while (!socket.destroyed && performance.now() < until) {
    if (more !== '' && socket.writable && socket.writableLength < 65_536) {
      socket.write(more, 'latin1');
    }
    await pause(100);
  }
  socket.destroy();
}

test('hostile clients cost the good ones nothing', { timeout: DURATION_MS + 60_000 }, async (t) => {
  const tiers = await startSite(t, {
    main: 'worker_processes 2; worker_rlimit_nofile 4096;',
    http: 'client_header_timeout 2s; client_body_timeout 2s; send_timeout 2s; keepalive_timeout 5s;',
  });
  const { pool, proxy } = tiers;
  const record = new MemoryRecord(t, 'hostile', [
    { name: 'worker process of the proxy', pid: () => workerPid(proxy) },
    { name: 'a worker of the pool', pid: () => childrenOf(pool.pid)[0] ?? 0 },
    { name: 'master of the proxy', pid: () => proxy.pid },
    { name: 'master of the pool', pid: () => pool.pid },
  ]);
  const load = loadOn(t, tiers, 4);
  const until = performance.now() + DURATION_MS;
  const attacks = KINDS.flatMap(({ first, more }) =>
    Array.from({ length: EACH }, async () => {
      let count = 0;
      for (; performance.now() < until; count += 1) {
        await attack(proxy.port(), first, more);
        await pause(Math.random() * 50);
      }
      return count;
    }),
  );
  const counts = await Promise.all(attacks);
  await load.stop();
  KINDS.forEach(({ name }, index) => {
    const own = counts.slice(index * EACH, (index + 1) * EACH);
    t.diagnostic(`${name}: ${own.reduce((sum, count) => sum + count, 0)} connections`);
  });
  t.diagnostic(
    `good clients: ${summary(load)}; ${load.posted} POSTs, ${countedPosts(tiers)} counted`,
  );
  for (const line of record.lines()) t.diagnostic(line);
  assert.deepEqual(load.failures, []);
  assert.equal(workerPid(proxy), childrenOf(proxy.pid)[0]);
  assert.doesNotMatch(proxy.read('error.log'), /\[(crit|alert|emerg)\]/);
  assert.doesNotMatch(pool.log, /CRITICAL|uncaught/i);
  for (const name of ['worker process of the proxy', 'a worker of the pool']) {
    assert.ok(record.growth(name) < MOST_GROWTH, `${name} grew by ${record.growth(name)} MB`);
  }
});
