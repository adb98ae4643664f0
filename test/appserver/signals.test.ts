import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../harness/until.ts';
import { type PoolProcess, startPool } from './pool-process.ts';

function saying(word: string): string {
  return `import { setTimeout as sleep } from 'node:timers/promises';
export default async (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === '/pid') return new Response(String(process.pid));
  if (pathname === '/slow') { console.error('slow begun'); await sleep(400); return new Response('slow done'); }
  if (pathname === '/never') { console.error('never begun'); await sleep(3600_000); }
  if (pathname === '/stuck') { console.error('stuck begun'); for (;;); }
  return new Response('${word}');
};
export const startup = () => console.error('startup ${word}');
export const shutdown = () => console.error('shutdown ${word}');`;
}

function start(t: import('node:test').TestContext, ...args: string[]): Promise<PoolProcess> {
  return startPool(t, { files: { 'app.mjs': saying('one') }, args: ['app', ...args] });
}

test('TERM finishes the requests that run, refuses new clients and exits with 0', async (t) => {
  const pool = await start(t);
  const slow = pool.ask('/slow');
  await pool.sees(/slow begun/);
  pool.signal('SIGTERM');
  await pool.sees(/Handling signal: term/);
  await until(async () => !existsSync(pool.socketPath));
  assert.equal((await slow).text, 'slow done');
  assert.equal(await pool.exited, 0);
  assert.match(pool.log, /shutdown one/);
});

for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
  test(`${signal} drops the requests that run and exits with 0`, async (t) => {
    const pool = await start(t);
    const never = assert.rejects(pool.ask('/never'));
    await pool.sees(/never begun/);
    pool.signal(signal);
    await never;
    assert.equal(await pool.exited, 0);
  });
}

test('graceful_timeout ends what does not finish; INT and QUIT cut it short', async (t) => {
  const first = await start(t, '--graceful-timeout', '1');
  const never = assert.rejects(first.ask('/never'));
  await first.sees(/never begun/);
  first.signal('SIGTERM');
  await never;
  assert.equal(await first.exited, 0);
  assert.match(first.log, /did not stop in time: sent SIGKILL/);
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    const pool = await start(t);
    const dropped = assert.rejects(pool.ask('/never'));
    await pool.sees(/never begun/);
    pool.signal('SIGTERM');
    await pool.sees(/Handling signal: term/);
    pool.signal(signal);
    await dropped;
    assert.equal(await pool.exited, 0);
  }
});

test('HUP loads new code and loses no request', async (t) => {
  const pool = await start(t, '-w', '2');
  await pool.sees(/startup one/, 2);
  const slow = pool.ask('/slow');
  await pool.sees(/slow begun/);
  pool.write({ 'app.mjs': saying('two') });
  const words = new Set<string>();
  pool.signal('SIGHUP');
  await until(async () => {
    words.add((await pool.ask('/')).text);
    return pool.log.split('shutdown one').length === 3;
  });
  assert.equal((await slow).text, 'slow done');
  assert.equal((await pool.ask('/')).text, 'two');
  assert.deepEqual([...words].toSorted(), ['one', 'two']);
  assert.match(pool.log, /Hang up: Master/);
});

for (const [what, code] of [
  ['throws', 'throw new Error("new code is broken");'],
  ['has no application', 'export const nothing = 1;'],
] as const) {
  test(`HUP onto code that ${what} keeps the old workers and says why once`, async (t) => {
    const pool = await start(t, '-w', '2');
    await pool.sees(/startup one/, 2);
    pool.write({ 'app.mjs': code });
    pool.signal('SIGHUP');
    await pool.sees(/Reload failed: the old workers go on serving/);
    assert.equal((await pool.ask('/')).text, 'one');
    assert.equal(pool.log.match(/\[ERROR\] Exception in worker process/g)?.length, 1);
    pool.write({ 'app.mjs': saying('two') });
    pool.signal('SIGHUP');
    await until(async () => (await pool.ask('/')).text === 'two');
  });
}

test('HUP reads the configuration again: workers, log and places to listen', async (t) => {
  const files = {
    'app.mjs': saying('one'),
    'appserver.config.mjs': 'export const bind = ["unix:app.sock"]; export const workers = 1;',
  };
  const args = ['app', '--log-level', 'debug'];
  const pool = await startPool(t, { files, args, env: { UNBOUND: '1' } });
  pool.write({
    'appserver.config.mjs':
      'export const bind = ["unix:app.sock", "unix:b.sock"]; export const workers = 2; export const accesslog = "access.log";',
  });
  pool.signal('SIGHUP');
  await pool.sees(/Booting worker/, 3 - 1);
  await until(async () => existsSync(join(pool.folder, 'b.sock')));
  const other = { socketPath: join(pool.folder, 'b.sock') };
  await until(async () => (await pool.ask('/', other).catch(() => undefined))?.text === 'one');
  const log = join(pool.folder, 'access.log');
  await until(async () => readFileSync(log, 'utf8').includes('"GET / HTTP/1.1" 200 3'));
  pool.write({ 'appserver.config.mjs': 'export const bind = ' });
  pool.signal('SIGHUP');
  await pool.sees(/Reload failed: .*Failed to read config file: .*\n.*appserver\.config\.mjs:1\n/);
  assert.equal((await pool.ask('/')).text, 'one');
});

test('HUP onto a pid file of another living process changes nothing, and says so', async (t) => {
  const configured = (pidfile: string): string =>
    `export const pidfile = '${pidfile}'; export const workers = 1;`;
  const files = { 'app.mjs': saying('one'), 'appserver.config.mjs': configured('app.pid') };
  const pool = await startPool(t, { files, args: ['app'] });
  const pidIn = (name: string): number => Number(readFileSync(join(pool.folder, name), 'utf8'));
  await until(async () => existsSync(join(pool.folder, 'app.pid')));
  pool.write({
    'taken.pid': `${process.pid}\n`,
    'appserver.config.mjs': configured('taken.pid'),
    'app.mjs': saying('two'),
  });
  // Who holds the file open is its owner.
  const held = openSync(join(pool.folder, 'taken.pid'), 'r');
  t.after(() => closeSync(held));
  pool.signal('SIGHUP');
  await pool.sees(/Reload failed: Already running on PID \d+/);
  assert.equal((await pool.ask('/')).text, 'one');
  assert.equal(pidIn('app.pid'), pool.pid);
  assert.equal(pidIn('taken.pid'), process.pid);
  // A broken application gives the new name back; a good one takes it.
  pool.write({ 'appserver.config.mjs': configured('new.pid'), 'app.mjs': 'throw new Error("x");' });
  pool.signal('SIGHUP');
  await pool.sees(/Reload failed: the old workers go on serving/);
  assert.equal(existsSync(join(pool.folder, 'new.pid')), false);
  pool.write({ 'app.mjs': saying('two') });
  pool.signal('SIGHUP');
  await pool.sees(/Reloaded: 1 workers replaced/);
  assert.equal(pidIn('new.pid'), pool.pid);
  assert.equal(existsSync(join(pool.folder, 'app.pid')), false);
});

test('TTIN and TTOU change the number of workers, never below one', async (t) => {
  const pool = await start(t);
  const [oldest] = pool.workerPids;
  pool.signal('SIGTTIN');
  await pool.sees(/Booting worker/, 2);
  const pids = new Set<string>();
  await until(async () => pids.add((await pool.ask('/pid')).text).size === 2);
  pool.signal('SIGTTOU');
  await pool.sees(/Worker exiting/);
  pool.signal('SIGTTOU');
  await pool.sees(/Handling signal: ttou/, 2);
  assert.equal((await pool.ask('/')).text, 'one');
  // Gunicorn's manage_workers ends the oldest first; the last one stays.
  const left = [...pids].filter((pid) => pid !== String(oldest));
  await until(async () => (await pool.ask('/pid')).text === left[0]);
  assert.equal([...pool.log.matchAll(/Worker exiting/g)].length, 1, pool.log);
});

test('USR1 opens the log files anew', async (t) => {
  const pool = await start(t, '--access-logfile', 'access.log', '--error-logfile', 'error.log');
  const path = join(pool.folder, 'access.log');
  await pool.ask('/first');
  await until(async () => readFileSync(path, 'utf8').includes('/first'));
  for (const name of ['access.log', 'error.log']) {
    renameSync(join(pool.folder, name), join(pool.folder, `${name}.1`));
  }
  pool.signal('SIGUSR1');
  await until(async () => existsSync(path));
  await pool.ask('/second');
  await until(async () => readFileSync(path, 'utf8').includes('/second'));
  assert.doesNotMatch(readFileSync(`${path}.1`, 'utf8'), /second/);
  assert.ok(existsSync(join(pool.folder, 'error.log')));
});

test('a worker that is killed is replaced, and clients wait for the new one', async (t) => {
  const pool = await start(t);
  const pid = Number((await pool.ask('/pid')).text);
  process.kill(pid, 'SIGKILL');
  await pool.sees(/Worker \(pid:\d+\) was sent SIGKILL! Perhaps out of memory\?/);
  assert.notEqual(Number((await pool.ask('/pid')).text), pid);
});

test('a worker stuck in a loop is killed after timeout and replaced; a waiting one is not', async (t) => {
  const pool = await start(t, '--timeout', '2', '-w', '1');
  const slow = assert.rejects(pool.ask('/stuck'));
  await pool.sees(/stuck begun/);
  await pool.sees(/\[CRITICAL\] WORKER TIMEOUT \(pid:\d+\)/);
  await slow;
  assert.equal((await pool.ask('/')).text, 'one');
  const never = assert.rejects(pool.ask('/never'));
  await pool.sees(/never begun/);
  assert.equal((await pool.ask('/slow')).text, 'slow done');
  assert.equal(pool.log.match(/WORKER TIMEOUT/g)?.length, 1);
  pool.signal('SIGQUIT');
  await never;
});
