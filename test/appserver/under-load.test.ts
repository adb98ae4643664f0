/** Reloads, resizes, murders and generations of workers while clients ask without a pause. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Load } from './load.ts';
import { type PoolProcess, startPool } from './pool-process.ts';

/** Counts each POST it has read with one byte in a file. */
const APP = `import { appendFileSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
export default async (request) => {
  if (request.method === 'POST') { await request.text(); appendFileSync('posts', '.'); }
  return new Response(String(process.pid));
};
export const startup = () => console.error('started ' + process.pid + ' ' + threadId);`;

const NODE_APP = APP.replace(
  'async (request) => {',
  `async (req, res) => {
  const request = { method: req.method, async text() { for await (const _ of req); } };`,
).replace('return new Response(String(process.pid))', 'res.end(String(process.pid))');

async function start(t: TestContext, source: string, ...args: string[]): Promise<PoolProcess> {
  const pool = await startPool(t, {
    files: { 'app.mjs': source, posts: '' },
    args: ['app', ...args],
  });
  return pool;
}

for (const [kind, source, threads] of [
  ['fetch', APP, 2],
  ['(req, res)', NODE_APP, 1],
] as const) {
  test(`HUP, TTIN and TTOU lose no request of a ${kind} application, and none is run twice`, async (t) => {
    const pool = await start(t, source, '--workers', '2', '--threads', String(threads));
    const load = new Load(pool, { keeping: 6, closing: 3, postPath: '/' });
    t.after(() => load.stop());
    await load.more(50);
    for (let round = 1; round <= 3; round += 1) {
      pool.signal('SIGHUP');
      await load.more(20);
      pool.signal('SIGTTIN');
      await pool.sees(/Handling signal: ttin/, round);
      await pool.sees(/Reloaded: \d workers replaced/, round);
      pool.signal('SIGTTOU');
      await load.more(100);
    }
    await load.stop();
    assert.deepEqual(load.failures, []);
    assert.equal(statSync(join(pool.folder, 'posts')).size, load.posted);
    assert.ok(load.posted > 100);
    assert.doesNotMatch(pool.log, /ERROR|CRITICAL/);
    const [first, second] = pool.workerPids;
    const last = [...load.answersByPid.keys()].at(-1);
    assert.ok(last !== first && last !== second);
  });
}

test('kill -9 of a worker fails only what was in flight there', async (t) => {
  const pool = await start(t, APP, '--workers', '2');
  const load = new Load(pool, { keeping: 6, closing: 3, postPath: '/' });
  t.after(() => load.stop());
  await pool.sees(/started/, 2);
  for (let round = 1; round <= 3; round += 1) {
    await load.more(200);
    const victim = [...load.answersByPid.keys()].at(-1) ?? 0;
    process.kill(victim, 'SIGKILL');
    load.mark();
    await pool.sees(/was sent SIGKILL! Perhaps out of memory\?/, round);
    await pool.sees(/started/, 2 + round);
    const failures = load.failures.splice(0);
    t.diagnostic(`round ${round}: ${failures.length} requests failed`);
    assert.ok(failures.length <= 9);
    for (const failure of failures) {
      assert.ok(
        failure.pid === victim || (failure.pid === 0 && failure.isBeforeMark),
        failure.reason,
      );
    }
    load.answersByPid.delete(victim);
  }
  await load.more(100);
  await load.stop();
  assert.deepEqual(load.failures, []);
});

function residentKilobytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

test('the memory of the master stays flat over generations of workers', async (t) => {
  const pool = await start(t, APP, '--keep-alive', '1');
  const load = new Load(pool, { keeping: 0, closing: 1 });
  t.after(() => load.stop());
  const sizes: number[] = [];
  for (let generation = 1; generation <= 14; generation += 1) {
    pool.signal('SIGHUP');
    await pool.sees(/Reloaded: 1 workers replaced/, generation);
    sizes.push(residentKilobytes(pool.pid));
  }
  await load.stop();
  const [early, late] = [sizes[3] ?? 0, sizes.at(-1) ?? 0];
  t.diagnostic(`${sizes.join(' ')} KB`);
  assert.ok(late - early < 20_000, `${early} KB, then ${late} KB`);
  assert.deepEqual(load.failures, []);
});
