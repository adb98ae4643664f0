/** HUP to both tiers, TTIN and TTOU, while clients ask without a pause: nothing is lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { MemoryRecord } from './memory-record.ts';
import { countedPosts, DURATION_MS, loadOn, startSite, summary } from './site.ts';

const RELOAD_EVERY_MS = 3000;

test('reloads of both tiers lose no request', async (t) => {
  const tiers = await startSite(t);
  const { pool, proxy } = tiers;
  const record = new MemoryRecord(t, 'reload', [
    { name: 'master of the pool', pid: () => pool.pid },
    { name: 'master of the proxy', pid: () => proxy.pid },
  ]);
  const load = loadOn(t, tiers);
  const until = performance.now() + DURATION_MS;
  let reloads = 0;
  while (performance.now() < until) {
    pool.signal('SIGHUP');
    proxy.signal('SIGHUP');
    reloads += 1;
    await pause(RELOAD_EVERY_MS / 2);
    pool.signal(reloads % 2 === 1 ? 'SIGTTIN' : 'SIGTTOU');
    await pause(RELOAD_EVERY_MS / 2);
  }
  await load.stop();
  const counted = countedPosts(tiers);
  t.diagnostic(`${reloads} reloads of both tiers; ${summary(load)}`);
  t.diagnostic(`${load.posted} POSTs answered, ${counted} counted by the application`);
  for (const line of record.lines()) t.diagnostic(line);
  assert.deepEqual(load.failures, []);
  assert.equal(counted, load.posted);
  assert.doesNotMatch(pool.log, /ERROR|CRITICAL/);
  assert.doesNotMatch(proxy.read('error.log'), /\[(error|crit|alert|emerg)\]/);
});
