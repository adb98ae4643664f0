import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  answering,
  ask,
  askTogether,
  bindOne,
  LOOPBACK,
  makeFolder,
  makeMaster,
} from './serving.ts';

test('two workers answer on one listener and the master never accepts', async (t) => {
  const master = makeMaster(t);
  const place = await bindOne(master);
  const spec = answering({ busyMs: 5 });
  const workers = [master.spawnWorker(spec), master.spawnWorker(spec)];
  await Promise.all(workers.map((worker) => worker.whenReady()));
  const answers = await askTogether(place, 40);
  // A master that accepted would leave its share of the forty without an answer.
  const seen = new Set(answers.map(({ pid }) => pid));
  assert.deepEqual([...seen].sort(), workers.map(({ pid }) => pid).sort());
});

test('a request sent while no worker lives is answered by the next one', async (t) => {
  const master = makeMaster(t);
  const place = await bindOne(master);
  const first = master.spawnWorker(answering());
  await first.whenReady();
  await first.quit();
  const waiting = ask(place);
  const second = master.spawnWorker(answering());
  assert.equal((await waiting).pid, second.pid);
});

test('every thread of a process accepts on one shared socket', async (t) => {
  const master = makeMaster(t);
  const place = await bindOne(master, {
    kind: 'unix',
    path: join(makeFolder(t), 's'),
    backlog: 64,
  });
  const worker = master.spawnWorker(answering({ busyMs: 5 }, { threads: 3 }));
  assert.equal(await worker.whenReady(), true);
  const answers = await askTogether(place, 60);
  assert.deepEqual([...new Set(answers.map(({ threadIndex }) => threadIndex))].sort(), [0, 1, 2]);
  assert.deepEqual([...new Set(answers.map(({ pid }) => pid))], [worker.pid]);
});

test('under reuseport every thread has a socket of its own', async (t) => {
  const master = makeMaster(t);
  const place = await bindOne(master, { ...LOOPBACK, reusePort: true }, 2);
  const worker = master.spawnWorker(answering({}, { threads: 2 }));
  assert.equal(await worker.whenReady(), true);
  assert.equal(new Set(master.listeners.all[0]?.descriptors).size, 2);
  const answers = await askTogether(place, 40);
  assert.deepEqual([...new Set(answers.map(({ threadIndex }) => threadIndex))].sort(), [0, 1]);
});

test('one thread runs on the main thread, several do not', async (t) => {
  const master = makeMaster(t);
  const place = await bindOne(master);
  const single = master.spawnWorker(answering());
  await single.whenReady();
  assert.equal((await ask(place)).threadId, 0);
  await single.drain();
  const several = master.spawnWorker(answering({}, { threads: 2 }));
  await several.whenReady();
  assert.notEqual((await ask(place)).threadId, 0);
});

const hasSs = spawnSync('ss', ['-V']).status === 0;

test('the backlog of the listener reaches the kernel', { skip: !hasSs && 'no ss' }, async (t) => {
  const master = makeMaster(t);
  const place = await bindOne(master, { ...LOOPBACK, backlog: 37 });
  await master.spawnWorker(answering()).whenReady();
  assert.ok('port' in place);
  const table = execFileSync('ss', ['-Hltn', `sport = :${place.port}`], { encoding: 'latin1' });
  // LISTEN, Recv-Q, Send-Q: the last is the backlog of a listening socket.
  assert.match(table, /^LISTEN\s+0\s+37\s/);
});

test('a listener of another key is not given to a worker that does not name it', async (t) => {
  const master = makeMaster(t);
  const folder = makeFolder(t);
  const unix = { kind: 'unix', path: join(folder, 's'), backlog: 8 } as const;
  const change = await master.listeners.prepare([LOOPBACK, unix], 1);
  change.commit();
  const worker = master.spawnWorker(answering({}, { listeners: [change.keys[1]!] }));
  await worker.whenReady();
  assert.equal((await ask({ socketPath: unix.path })).pid, worker.pid);
  const tcp = master.listeners.get(change.keys[0]!)?.spec;
  assert.ok(tcp?.kind === 'tcp');
  await assert.rejects(ask({ host: tcp.host, port: tcp.port }), { code: 'ECONNREFUSED' });
  assert.throws(() => master.spawnWorker(answering({}, { listeners: ['unix:none'] })), RangeError);
});
