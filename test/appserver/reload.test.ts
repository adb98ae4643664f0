/** HUP: nothing of the old is given up before the new is seen to work. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import { Load } from './load.ts';
import { IMPATIENT, type PoolProcess, startPool } from './pool-process.ts';

/** Announces itself, and waits in startup() until the file `gate` is there, where `gated`. */
function saying(word: string, startup = ''): string {
  return `import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
export default async (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === '/word') return new Response('${word} ' + process.env.COLOUR);
  return new Response(String(process.pid));
};
export const startup = async () => { ${startup} console.error('startup ${word}'); };
export const shutdown = () => console.error('shutdown ${word}');`;
}

const GATE = `console.error('at the gate'); while (!existsSync('gate')) await sleep(5);`;

function start(t: TestContext, ...args: string[]): Promise<PoolProcess> {
  const files = { 'app.mjs': saying('one'), '.env': 'COLOUR=red\n' };
  return startPool(t, { files, args: ['app', ...args] });
}

/** Seconds that a worker has to become ready, where that is more than what IMPATIENT gives. */
const timeoutOf = (seconds: number) => ({
  'appserver.config.mjs': `export const timeout = ${seconds};`,
});

const REQUEST = 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n';

describe('a reload', { concurrency: 3 }, () => {
  test('an old worker drains only once a new one has run startup() and accepts', async (t) => {
    const pool = await start(t, '--workers', '2');
    await pool.sees(/startup one/, 2);
    pool.write({ 'app.mjs': saying('two', GATE) });
    pool.signal('SIGHUP');
    await pool.sees(/at the gate/);
    const load = new Load(pool, { keeping: 2, closing: 1 });
    t.after(() => load.stop());
    await load.more(100);
    // One new worker at a time, and while it starts nobody leaves.
    assert.equal(pool.workerPids.length, 3);
    for (const pid of load.answersByPid.keys()) assert.ok(pool.workerPids.indexOf(pid) < 2);
    assert.doesNotMatch(pool.log, /shutdown one/);
    pool.write({ gate: '' });
    await pool.sees(/Reloaded: 2 workers replaced/);
    await load.stop();
    assert.deepEqual(load.failures, []);
    const order = pool.log.match(/startup two|shutdown one/g);
    assert.equal(order?.[0], 'startup two');
    await pool.sees(/shutdown one/, 2);
  });

  test('HUP onto code that never becomes ready keeps the old workers, and a good one follows', async (t) => {
    const pool = await startPool(t, {
      files: { 'app.mjs': saying('one'), ...timeoutOf(60) },
      args: ['app', '--workers', '2'],
      program: IMPATIENT,
    });
    await pool.sees(/startup one/, 2);
    const load = new Load(pool, { keeping: 2, closing: 1 });
    t.after(() => load.stop());
    const old = new Set(pool.workerPids);
    pool.write({ 'app.mjs': saying('two', 'await new Promise(() => {});'), ...timeoutOf(2) });
    pool.signal('SIGHUP');
    await pool.sees(/Reload failed: the old workers go on serving/);
    assert.equal(pool.log.match(/ERROR|CRITICAL/g)?.length, 2, pool.log);
    assert.match(
      pool.log,
      /WORKER TIMEOUT \(pid:\d+\)\nnot ready after 12 s: startup\(\) of "app" has not come to its end\n/,
    );
    await load.more(50);
    for (const pid of load.answersByPid.keys()) assert.ok(old.has(pid));
    pool.write({ 'app.mjs': saying('three'), ...timeoutOf(60) });
    pool.signal('SIGHUP');
    await pool.sees(/Reloaded: 2 workers replaced/);
    await load.stop();
    assert.deepEqual(load.failures, []);
    assert.match((await pool.ask('/word')).text, /^three/);
  });

  test('a HUP during a reload is served after it', async (t) => {
    const pool = await start(t);
    pool.write({ 'app.mjs': saying('two', GATE) });
    pool.signal('SIGHUP');
    await pool.sees(/at the gate/);
    pool.write({ 'app.mjs': saying('three') });
    pool.signal('SIGHUP');
    await pool.sees(/Hang up: Master/, 2);
    pool.write({ gate: '' });
    await pool.sees(/Reloaded: 1 workers replaced/, 2);
    assert.match((await pool.ask('/word')).text, /^three/);
  });

  test('TERM during a reload ends the worker that starts and drains the old one', async (t) => {
    const pool = await start(t);
    pool.write({ 'app.mjs': saying('two', GATE) });
    pool.signal('SIGHUP');
    await pool.sees(/at the gate/);
    pool.signal('SIGTERM');
    assert.equal(await pool.exited, 0);
    assert.match(pool.log, /shutdown one/);
    assert.equal(existsSync(pool.socketPath), false);
  });

  test('HUP reads .env again', async (t) => {
    const pool = await start(t);
    assert.equal((await pool.ask('/word')).text, 'one red');
    pool.write({ '.env': 'COLOUR=blue\n' });
    pool.signal('SIGHUP');
    await pool.sees(/Reloaded/);
    await pool.sees(/shutdown one/);
    assert.equal((await pool.ask('/word')).text, 'one blue');
  });

  test('a worker that an operator ends with TERM is replaced before its last request is answered', async (t) => {
    const files = {
      'app.mjs': `import { existsSync } from 'node:fs';
      import { setTimeout as sleep } from 'node:timers/promises';
      export default async (request) => {
        if (request.url.endsWith('/held')) { console.error('held'); while (!existsSync('gate')) await sleep(5); }
        return new Response(String(process.pid)); };`,
    };
    const pool = await startPool(t, { files, args: ['app'] });
    const held = pool.ask('/held');
    await pool.sees(/held/);
    const [first] = pool.workerPids;
    process.kill(first ?? 0, 'SIGTERM');
    await pool.sees(/Booting worker/, 2);
    assert.equal(Number((await pool.ask('/')).text), pool.workerPids[1]);
    pool.write({ gate: '' });
    assert.equal(Number((await held).text), first);
  });

  test('a worker past max_requests serves on while new code is broken', async (t) => {
    const pool = await start(t, '--max-requests', '20');
    const load = new Load(pool, { keeping: 1, closing: 1 });
    t.after(() => load.stop());
    pool.write({ 'app.mjs': 'throw new Error("new code is broken");' });
    await pool.sees(/Next attempt to boot a worker in 200 ms/);
    await load.more(20);
    assert.equal(load.answersByPid.size, 1);
    pool.write({ 'app.mjs': saying('two') });
    await pool.sees(/startup two/);
    await load.until(() => load.answersByPid.size > 1);
    await load.stop();
    assert.deepEqual(load.failures, []);
  });

  test('a pool whose workers all died of broken code starts mended code at once on HUP', async (t) => {
    const pool = await startPool(t, { files: { 'app.mjs': saying('whole') }, args: ['app'] });
    await pool.ask('/'); // Before a worker has served, one that fails ends the pool.
    pool.write({ 'app.mjs': `throw new Error('broken');` });
    for (const pid of pool.workerPids) process.kill(pid, 'SIGKILL');
    await pool.sees(/Next attempt to boot a worker in 800 ms/);
    const waiting = once(await pool.connected().then((socket) => socket.end(REQUEST)), 'data');
    pool.write({ 'app.mjs': saying('mended') });
    pool.signal('SIGHUP');
    await pool.sees(/startup mended/);
    const [answer] = await waiting;
    assert.match(String(answer), /^HTTP\/1\.1 200 OK/);
  });
});
