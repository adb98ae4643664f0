/** Gunicorn's controls of concurrency: workers, threads, worker_connections, backlog, max_requests. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { until } from '../harness/until.ts';
import { Load } from './load.ts';
import { type PoolProcess, startPool } from './pool-process.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n';

/** Burns processor time until as many as the path says have come here, or gives up. */
const MEETING = `import { readdirSync, writeFileSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
let serial = 0;
export default (request) => {
  const { pathname } = new URL(request.url);
  const wanted = Number(pathname.slice(1));
  writeFileSync('meeting/' + process.pid + '-' + threadId + '-' + serial++, '');
  const end = performance.now() + 60_000;
  while (readdirSync('meeting').length < wanted) {
    if (performance.now() > end) return new Response('alone', { status: 500 });
  }
  return new Response(process.pid + ' ' + threadId);
};`;

/** A connection that has sent a request; resolves with the answer's first line. */
async function asking(pool: PoolProcess): Promise<{ socket: Socket; answer: Promise<string> }> {
  const socket = await pool.connected();
  return { socket, answer: answerOn(socket) };
}

async function answerOn(socket: Socket): Promise<string> {
  socket.write(REQUEST);
  const [bytes] = await once(socket, 'data');
  return String(bytes).split('\r\n', 1)[0] ?? '';
}

describe('controls', { concurrency: 2 }, () => {
  test('workers times threads requests burn processor time at once', async (t) => {
    const args = ['app', '--workers', '2', '--threads', '2', '--timeout', '0'];
    const files = { 'app.mjs': MEETING, 'meeting/.keep': '' };
    const pool = await startPool(t, { files, args });
    const present = (): number => readdirSync(join(pool.folder, 'meeting')).length - 1;
    // One after another: a thread that accepts two at once would hold the second back.
    const answers: Promise<{ status: number; text: string }>[] = [];
    for (let count = 1; count <= 4; count += 1) {
      answers.push(pool.ask('/5'));
      await until(() => present() === count);
    }
    const all = await Promise.all(answers);
    assert.deepEqual(
      all.map(({ status }) => status),
      [200, 200, 200, 200],
    );
    const places = new Set(all.map(({ text }) => text));
    assert.equal(places.size, 4);
    assert.equal(new Set([...places].map((place) => place.split(' ')[0])).size, 2);
  });

  test('clients beyond worker_connections wait in the backlog, and none is refused', async (t) => {
    const args = ['app', '--worker-connections', '3', '--keep-alive', '60'];
    const files = { 'app.mjs': 'export default (request) => new Response("ok");' };
    const pool = await startPool(t, { files, args });
    const served = await Promise.all([1, 2, 3].map(() => asking(pool)));
    await Promise.all(served.map(({ answer }) => answer));
    const order: number[] = [];
    const waiting = [];
    for (let index = 0; index < 5; index += 1) {
      const { socket, answer } = await asking(pool);
      waiting.push({ socket, done: answer.then((line) => order.push(index) && line) });
    }
    // The worker goes on with those it has.
    for (let round = 0; round < 20; round += 1) {
      assert.equal(await answerOn(served[round % 3]!.socket), 'HTTP/1.1 200 OK');
    }
    assert.deepEqual(order, []);
    served[0]?.socket.destroy();
    for (const { socket, done } of waiting) {
      assert.equal(await done, 'HTTP/1.1 200 OK');
      socket.destroy();
    }
    assert.deepEqual(order, [0, 1, 2, 3, 4]);
    for (const { socket } of served) socket.destroy();
  });

  test('backlog bounds how many connections wait', async (t) => {
    const args = ['app', '--worker-connections', '1', '--backlog', '2', '--keep-alive', '60'];
    const files = { 'app.mjs': 'export default (request) => new Response("ok");' };
    const pool = await startPool(t, { files, args });
    const { socket, answer } = await asking(pool);
    await answer;
    const waiting: Socket[] = [];
    const refused = await (async () => {
      for (;;) {
        try {
          waiting.push(await pool.connected());
        } catch (error) {
          return error as NodeJS.ErrnoException;
        }
        assert.ok(waiting.length < 50);
      }
    })();
    assert.equal(refused.code, 'EAGAIN');
    // unix(7): the kernel lets one more wait than listen(2) says.
    assert.equal(waiting.length, 3);
    socket.destroy();
    for (const other of waiting) {
      assert.equal(await answerOn(other), 'HTTP/1.1 200 OK');
      other.destroy();
    }
  });

  test('max_requests with its jitter renews workers under load, the new one ready first', async (t) => {
    const source = `export default (request) => new Response(String(process.pid));
      export const startup = () => console.error('ready ' + process.pid);
      export const shutdown = () => console.error('left ' + process.pid);`;
    const args = ['app', '--max-requests', '60', '--max-requests-jitter', '20'];
    const pool = await startPool(t, { files: { 'app.mjs': source }, args });
    const load = new Load(pool, { keeping: 2, closing: 2 });
    t.after(() => load.stop());
    await load.until(() => load.answersByPid.size >= 4);
    await load.stop();
    assert.deepEqual(load.failures, []);
    const pids = [...load.answersByPid.keys()];
    for (const [index, pid] of pids.slice(0, 3).entries()) {
      assert.ok((load.answersByPid.get(pid) ?? 0) >= 60);
      const left = pool.log.indexOf(`left ${pid}\n`);
      const successor = pool.log.indexOf(`ready ${pids[index + 1]}\n`);
      assert.ok(left === -1 || successor < left, pool.log);
    }
    assert.doesNotMatch(pool.log, /ERROR/);
  });

  test('requests that become tunnels count for max_requests', async (t) => {
    const source = `import { createServer } from 'node:http';
      export const server = createServer((req, res) => res.end('plain'));
      server.on('upgrade', (req, socket) => {
        socket.end('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: x\\r\\nConnection: Upgrade\\r\\n\\r\\n');
      });`;
    const args = ['app:server', '--max-requests', '2'];
    const pool = await startPool(t, { files: { 'app.mjs': source }, args });
    const upgrade = 'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';
    for (let count = 0; count < 2; count += 1) {
      assert.match(await pool.raw(upgrade), /^HTTP\/1\.1 101 /);
    }
    await pool.sees(/Booting worker/, 2);
  });

  test('limits of a request hold on busy connections of every worker', async (t) => {
    const args = ['app', '--workers', '2', '--limit-request-line', '100'];
    const limits = ['--limit-request-fields', '10', '--limit-request-field_size', '200'];
    const files = { 'app.mjs': 'export default (request) => new Response(String(process.pid));' };
    const pool = await startPool(t, { files, args: [...args, ...limits] });
    const load = new Load(pool, { keeping: 2, closing: 2 });
    t.after(() => load.stop());
    const fields = (count: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, 'y']));
    for (let round = 0; round < 10; round += 1) {
      const long = await pool.ask(`/${'x'.repeat(100)}`);
      const many = await pool.ask('/', { headers: fields(11) });
      const large = await pool.ask('/', { headers: { 'x-large': 'y'.repeat(200) } });
      assert.deepEqual([long.status, many.status, large.status], [414, 431, 431]);
    }
    await load.stop();
    assert.deepEqual(load.failures, []);
  });
});
