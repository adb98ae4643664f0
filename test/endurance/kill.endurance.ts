/** `kill -9` of workers of both tiers under load: only what was in flight there fails. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Load } from '../appserver/load.ts';
import { MemoryRecord } from './memory-record.ts';
import { childrenOf, countedPosts, DURATION_MS, loadOn, startSite, summary } from './site.ts';

const KILL_EVERY_MS = 5000;
const CLIENTS = 6;
/** After a kill, how long its failures may take to be noticed. */
const AFTERMATH_MS = 1000;

/** Kills, and gives back how many requests failed by it. */
async function strike(load: Load, pid: number | undefined): Promise<number> {
  assert.ok(pid !== undefined, 'nobody to kill');
  const before = load.failures.length;
  process.kill(pid, 'SIGKILL');
  await pause(AFTERMATH_MS);
  return load.failures.length - before;
}

test('killed workers fail only what was in flight there', async (t) => {
  const tiers = await startSite(t);
  const { pool, proxy } = tiers;
  const record = new MemoryRecord(t, 'kill', [
    { name: 'master of the pool', pid: () => pool.pid },
    { name: 'master of the proxy', pid: () => proxy.pid },
  ]);
  const load = loadOn(t, tiers, CLIENTS);
  const mostInFlight = CLIENTS + CLIENTS / 2;
  await load.more(500);
  const until = performance.now() + DURATION_MS;
  const failed = { pool: [] as number[], proxy: [] as number[] };
  for (let turn = 1; performance.now() < until; turn += 1) {
    failed.pool.push(await strike(load, childrenOf(pool.pid)[0]));
    if (turn % 2 === 0) failed.proxy.push(await strike(load, childrenOf(proxy.pid)[0]));
    const quiet = load.failures.length;
    await pause(KILL_EVERY_MS - AFTERMATH_MS * (turn % 2 === 0 ? 2 : 1));
    assert.equal(load.failures.length, quiet, `failures without a kill: ${summary(load)}`);
  }
  await load.stop();
  const counted = countedPosts(tiers);
  t.diagnostic(summary(load));
  t.diagnostic(`failed at each kill of a worker of the pool: ${failed.pool.join(' ')}`);
  t.diagnostic(`failed at each kill of the worker process of the proxy: ${failed.proxy.join(' ')}`);
  t.diagnostic(`${load.posted} POSTs answered, ${counted} counted by the application`);
  for (const line of record.lines()) t.diagnostic(line);
  for (const count of [...failed.pool, ...failed.proxy]) {
    assert.ok(count <= mostInFlight, `${count} of at most ${mostInFlight} in flight failed`);
  }
  // One that was killed after it counted and before it answered is counted, and is a failure.
  assert.ok(counted >= load.posted && counted <= load.posted + load.failures.length);
  for (const name of ['master of the pool', 'master of the proxy']) {
    assert.ok(record.growth(name) < 10, `${name} grew by ${record.growth(name)} MB`);
  }
});
