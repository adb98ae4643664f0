import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gone, MasterProcess } from './master-process.ts';
import { answerOf, ask, makeFolder, open } from './serving.ts';

test('TERM lets a busy request finish, removes the socket and the pid file, exits 0', async (t) => {
  const folder = makeFolder(t);
  const socket = join(folder, 's');
  const pidFile = join(folder, 'pid');
  const master = new MasterProcess(t, { socket, pidFile });
  await master.workers();
  assert.ok(existsSync(pidFile));
  const slow = open({ socketPath: socket }, '/slow');
  await master.told('from');
  master.child.kill('SIGTERM');
  await master.told('signal');
  await master.told('exit'); // The idle worker is gone, the busy one waits for its client.
  slow.end();
  assert.ok((await answerOf(slow)).pid > 0);
  assert.equal(await master.exitCode(), 0);
  assert.ok(!existsSync(socket));
  assert.ok(!existsSync(pidFile));
});

test('INT after TERM cuts the drain short', async (t) => {
  const socket = join(makeFolder(t), 's');
  const master = new MasterProcess(t, { socket });
  await master.workers();
  const slow = open({ socketPath: socket }, '/slow');
  await master.told('from');
  master.child.kill('SIGTERM');
  await master.told('exit');
  master.child.kill('SIGINT');
  await assert.rejects(answerOf(slow));
  assert.equal(await master.exitCode(), 0);
});

test('Ctrl-C reaches the whole process group and the master alone decides', async (t) => {
  const socket = join(makeFolder(t), 's');
  const master = new MasterProcess(t, { socket }, true);
  const workers = await master.workers();
  process.kill(-master.child.pid!, 'SIGINT');
  assert.equal(await master.exitCode(), 0);
  const exits = await master.told('exit', 2);
  // Told by the master, they leave with 0; a signal of their own would be named.
  assert.deepEqual(
    exits.map(({ code, signal }) => ({ code, signal })),
    [
      { code: 0, signal: null },
      { code: 0, signal: null },
    ],
  );
  await Promise.all(workers.map(gone));
});

test('HUP replaces every worker and requests go on being answered', async (t) => {
  const socket = join(makeFolder(t), 's');
  const master = new MasterProcess(t, { socket });
  const before = await master.workers();
  master.child.kill('SIGHUP');
  let roll: unknown;
  void master.told('roll').then(([fact]) => {
    roll = fact?.['roll'];
  });
  while (roll === undefined) await ask({ socketPath: socket });
  assert.deepEqual(roll, { ok: true, replaced: 2 });
  await master.told('exit', 2);
  assert.ok(!before.includes((await ask({ socketPath: socket })).pid));
  master.child.kill('SIGTERM');
  assert.equal(await master.exitCode(), 0);
});

test('USR1 reaches every thread as an order to open its logs anew', async (t) => {
  const socket = join(makeFolder(t), 's');
  const master = new MasterProcess(t, { socket });
  const workers = await master.workers();
  master.child.kill('SIGUSR1');
  const told = await master.told('from', 2);
  assert.deepEqual(told.map((fact) => fact['from']).sort(), workers.sort());
  assert.deepEqual(told[0]?.['message'], { reopened: 0 });
  master.child.kill('SIGQUIT');
  assert.equal(await master.exitCode(), 0);
});

test('signals are acted on in the order they came', async (t) => {
  const socket = join(makeFolder(t), 's');
  const master = new MasterProcess(t, { socket });
  await master.workers();
  for (const signal of ['SIGWINCH', 'SIGTTIN', 'SIGTTOU', 'SIGUSR2'] as const) {
    const before = master.facts.filter((fact) => 'signal' in fact).length;
    master.child.kill(signal);
    const told = await master.told('signal', before + 1);
    assert.equal(told.at(-1)?.['signal'], signal);
  }
  assert.equal((await master.told('ready', 3)).length, 3); // TTIN added one.
  master.child.kill('SIGTERM');
  assert.equal(await master.exitCode(), 0);
});

test('workers leave when their master is killed', async (t) => {
  const socket = join(makeFolder(t), 's');
  const master = new MasterProcess(t, { socket });
  const workers = await master.workers();
  master.child.kill('SIGKILL');
  await master.exitCode();
  await Promise.all(workers.map(gone));
});

test('the socket file that a killed master left does not stop the next one', async (t) => {
  const socket = join(makeFolder(t), 's');
  const killed = new MasterProcess(t, { socket });
  const workers = await killed.workers();
  killed.child.kill('SIGKILL');
  await Promise.all(workers.map(gone));
  assert.ok(existsSync(socket));
  const next = new MasterProcess(t, { socket });
  assert.ok((await next.workers()).includes((await ask({ socketPath: socket })).pid));
  next.child.kill('SIGTERM');
  assert.equal(await next.exitCode(), 0);
});

test('an application that cannot boot ends the master with its exit code', async (t) => {
  const master = new MasterProcess(t, { socket: join(makeFolder(t), 's'), failWith: 4 });
  assert.equal(await master.exitCode(), 4);
  assert.match(master.stderr, /worker failed to boot: cannot start/);
});
