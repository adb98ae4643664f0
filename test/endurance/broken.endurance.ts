/** Reloads onto code that throws, and onto code that never becomes ready: the old code serves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COUNTING, childrenOf, loadOn, startSite, summary } from './site.ts';

/** The least that a worker may take to get ready, whatever `timeout` says, and some. */
const BOOT_LIMIT = 31;

function times(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}

test('code that does not work never takes over', { timeout: 180_000 }, async (t) => {
  const tiers = await startSite(t);
  const { pool } = tiers;
  const load = loadOn(t, tiers);
  await load.more(200);
  const old = new Set(load.answersByPid.keys());

  pool.write({ 'app.mjs': `throw new Error('broken on purpose');` });
  pool.signal('SIGHUP');
  await pool.sees(/Reload failed: the old workers go on serving/, 1);
  await load.more(500);
  assert.equal(times(pool.log, /Error: broken on purpose/g), 1, pool.log);

  pool.write({ 'app.mjs': `${COUNTING} export const startup = () => new Promise(() => {});` });
  pool.signal('SIGHUP');
  for (let second = 0; second < BOOT_LIMIT; second += 1) {
    const answered = load.answered;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.ok(load.answered > answered, 'nobody was answered for a second');
  }
  await pool.sees(/Reload failed: the old workers go on serving/, 2);
  assert.equal(times(pool.log, /startup\(\) of "app" has not come to its end/g), 1, pool.log);
  for (const pid of load.answersByPid.keys()) assert.ok(old.has(pid), `${pid} is no old worker`);

  pool.write({ 'app.mjs': COUNTING });
  pool.signal('SIGHUP');
  await pool.sees(/Reloaded: 2 workers replaced/);
  await load.until(() => childrenOf(pool.pid).every((pid) => !old.has(pid)));
  load.answersByPid.clear();
  await load.more(500);
  await load.stop();
  t.diagnostic(summary(load));
  for (const line of pool.log.split('\n').filter((each) => /ERROR|Reload/.test(each))) {
    t.diagnostic(line);
  }
  assert.deepEqual(load.failures, []);
  for (const pid of load.answersByPid.keys()) assert.ok(pid === 0 || !old.has(pid));
});
