/** A worker in an endless loop under load: its stack is on the log, others are served. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from '../harness/raw-client.ts';
import { COUNTING, loadOn, startSite, summary } from './site.ts';

const LOOPING = COUNTING.replace(
  'async fetch(request) {',
  `async fetch(request) {
  if (request.url.endsWith('/loop')) spinForEver();`,
).concat(`
function spinForEver() {
  for (;;) Math.random();
}
`);

test('a loop is named, and only its worker is lost', { timeout: 120_000 }, async (t) => {
  const tiers = await startSite(t, { app: LOOPING, args: ['--timeout', '3'] });
  const { pool, proxy } = tiers;
  const load = loadOn(t, tiers);
  await load.more(200);
  // A GET on a kept connection would be tried again, at the other worker: as in nginx.
  const request =
    'POST /loop HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
  const looped = ask(proxy.port(), request).then(({ status }) => status);
  await pool.sees(/WORKER TIMEOUT/);
  await load.more(1000);
  await load.stop();
  const where = /at spinForEver \(.*app\.mjs:(\d+):\d+\)/.exec(pool.log);
  t.diagnostic(`${summary(load)}; the one that looped was answered ${await looped}`);
  for (const line of pool.log.split('\n').filter((each) => /TIMEOUT|^ +at |killed/.test(each))) {
    t.diagnostic(line);
  }
  assert.ok(where !== null, pool.log);
  assert.equal(await looped, 502);
  // Whoever had a request under way in that worker waited with it.
  assert.ok(load.failures.length <= 9, summary(load));
  for (const { reason } of load.failures) assert.match(reason, /^502 /);
});
