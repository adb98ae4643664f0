/** Workers that hang: found, their stack logged, killed and replaced; and those that never boot. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import { until } from '../harness/until.ts';
import { IMPATIENT, type PoolProcess, spawnPool, startPool } from './pool-process.ts';

/** Line 5 is the loop. */
const APP = `import { pbkdf2Sync } from 'node:crypto';
import { threadId } from 'node:worker_threads';
function searchForEver(wanted) {
  for (let number = 0; ; number += 1) {
    if (number < wanted) return number;
  }
}
export default (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === '/stuck') { console.error('stuck begun'); searchForEver(-1); }
  if (pathname === '/native') { console.error('native begun'); pbkdf2Sync('a', 'b', 2 ** 31 - 1, 64, 'sha512'); }
  return new Response(process.pid + ' ' + threadId);
};`;

/** Whether a process is there and not a zombie that nobody has reaped. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function start(t: TestContext, ...args: string[]): Promise<PoolProcess> {
  return startPool(t, { files: { 'app.mjs': APP }, args: ['app', '--timeout', '2', ...args] });
}

const NEVER_READY: [string, string, RegExp][] = [
  [
    'a module that waits for ever',
    'setInterval(() => {}, 1000); await new Promise(() => {}); export default () => {};',
    /not ready after 12 s: loading "app" has not come to its end: it awaits what does not come, or .* listen\(\)\n\[/,
  ],
  [
    'a module in an endless loop',
    'const forEver = () => { for (;;); };\nforEver();\nexport default () => {};',
    /not ready after 12 s: loading "app" has not come to its end\nit runs\n {4}at forEver \(.*app\.mjs:1:/,
  ],
  [
    'a startup() that never resolves',
    `export const startup = () => new Promise((done) => setTimeout(done, 3600_000));
     export default (request) => new Response('ok');`,
    /not ready after 12 s: startup\(\) of "app" has not come to its end\n\[/,
  ],
];

describe('a worker that hangs', { concurrency: 2 }, () => {
  test('the log names the function and the line a worker is stuck in, once', async (t) => {
    const pool = await start(t);
    const stuck = assert.rejects(pool.ask('/stuck'));
    await pool.sees(/Booting worker/, 2);
    await stuck;
    assert.equal((await pool.ask('/')).status, 200);
    const [first] = pool.workerPids;
    const lines = pool.log.split('\n');
    const at = lines.findIndex((line) => line.includes(`[CRITICAL] WORKER TIMEOUT (pid:${first})`));
    assert.notEqual(at, -1, pool.log);
    assert.deepEqual(lines.slice(at + 1, at + 3), [
      'the event loop has not turned for 2 s',
      'it runs',
    ]);
    assert.match(lines[at + 3] ?? '', /^ {4}at searchForEver \(file:.*\/app\.mjs:[45]:\d+\)$/);
    assert.match(lines[at + 4] ?? '', /^ {4}at .*\/app\.mjs:10:\d+\)$/);
    assert.equal(pool.log.match(/WORKER TIMEOUT/g)?.length, 1);
    assert.doesNotMatch(pool.log, /out of memory/);
  });

  test('one stuck thread ends alone, its siblings answer, and a whole worker takes over', async (t) => {
    const pool = await start(t, '--threads', '2');
    const [, sibling] = (await pool.ask('/')).text.split(' ');
    const stuck = assert.rejects(pool.ask('/stuck'));
    await pool.sees(/stuck begun/);
    let answers = 0;
    while (!pool.log.includes('WORKER TIMEOUT')) {
      assert.match((await pool.ask('/')).text, /^\d+ \d+$/);
      answers += 1;
    }
    assert.ok(answers > 0 && sibling !== undefined);
    await stuck;
    await pool.sees(/Booting worker/, 2);
    const [first, second] = pool.workerPids;
    await until(() => !isAlive(first ?? 0));
    assert.match((await pool.ask('/')).text, new RegExp(`^${second} `));
    assert.match(pool.log, /thread [01] has not turned for 2 s\nit runs\n {4}at searchForEver \(/);
    assert.doesNotMatch(pool.log, /ERROR|was sent/);
  });

  test('a worker inside a native call is killed without a stack', async (t) => {
    const pool = await start(t);
    const stuck = assert.rejects(pool.ask('/native'));
    await pool.sees(/it has no JavaScript stack to show: it is inside a native call/);
    await stuck;
    assert.equal((await pool.ask('/')).status, 200);
  });

  test('a stuck worker whose master was killed ends', async (t) => {
    const pool = await start(t);
    const stuck = assert.rejects(pool.ask('/stuck'));
    await pool.sees(/stuck begun/);
    const [worker] = pool.workerPids;
    pool.signal('SIGKILL');
    await stuck;
    await until(() => !isAlive(worker ?? 0));
    await pool.sees(/WORKER TIMEOUT/);
  });

  test('a worker that does not become ready is killed, the log says in what, and tried again', async (t) => {
    const trials = NEVER_READY.map(async ([what, source, pattern], index) => {
      const args = ['app', '--timeout', '2', '--threads', index === 2 ? '2' : '1'];
      const pool = spawnPool(t, { files: { 'app.mjs': source }, args, program: IMPATIENT });
      await pool.sees(/Booting worker/, 2);
      assert.match(pool.log, pattern, what);
      assert.equal(pool.log.match(/WORKER TIMEOUT/g)?.length, 1, pool.log);
      // It never got ready, so the next one waits a moment; nothing else is said of it.
      assert.doesNotMatch(pool.log, /ERROR\] (?!Next attempt to boot a worker in 100 ms)/);
    });
    await Promise.all(trials);
  });
});
