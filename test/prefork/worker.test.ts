import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { lookupGroup, lookupUser } from '../../prefork/privileges.ts';
import type { WorkerSpec } from '../../prefork/types.ts';
import type { WorkerProcess } from '../../prefork/worker-process.ts';
import { answering, ask, bindOne, makeMaster, open } from './serving.ts';

function entry(name: string, more: Partial<WorkerSpec>): WorkerSpec {
  const url = new URL(`./fixtures/${name}.ts`, import.meta.url);
  return { entry: url, threads: 1, onThreadExit: 'exit', ...more };
}

/** Threads that count in shared memory, watched by their process. */
function sharing(threads: number): Partial<WorkerSpec> {
  const processEntry = new URL('./fixtures/shared-memory.ts', import.meta.url);
  return { processEntry, threads, shared: { counter: 8 }, listeners: [] };
}

/** Every message of a worker, in order. */
function collect(worker: WorkerProcess): { messages: unknown[]; from: number[] } {
  const heard = { messages: [] as unknown[], from: [] as number[] };
  worker.on('message', (message, threadIndex) => {
    heard.messages.push(message);
    heard.from.push(threadIndex);
  });
  return heard;
}

test('a worker that does not drain within its time is killed', async (t) => {
  const master = makeMaster(t);
  const place = await bindOne(master);
  const worker = master.spawnWorker(answering());
  await worker.whenReady();
  const hanging = open(place, '/hang');
  hanging.end();
  await once(worker, 'message');
  const exit = await worker.drain(50);
  assert.equal(exit.signal, 'SIGKILL');
  assert.equal(exit.isExpected, true);
});

test('a worker told to drain while it boots leaves with 0', async (t) => {
  const master = makeMaster(t);
  await bindOne(master);
  const worker = master.spawnWorker(answering({}, { threads: 2 }));
  const ready = worker.whenReady();
  const exit = await worker.drain(5000);
  assert.equal(exit.code, 0);
  assert.equal(exit.wasReady, false);
  assert.equal(await ready, false);
});

test('a blocked worker is killed though it cannot hear', async (t) => {
  const master = makeMaster(t);
  const place = await bindOne(master);
  const worker = master.spawnWorker(answering({ busyMs: 60_000 }));
  await worker.whenReady();
  const cut = assert.rejects(ask(place));
  await once(worker, 'message');
  const exit = await worker.quit(100);
  assert.equal(exit.signal, 'SIGKILL');
  await cut;
});

test('messages go to one thread or to all, and wait for threads that boot', async (t) => {
  const master = makeMaster(t);
  await bindOne(master);
  const worker = master.spawnWorker(answering({}, { threads: 2 }));
  const heard = collect(worker);
  worker.send({ n: 1 }, 1); // Before any thread is there: dropped by none.
  await worker.whenReady();
  worker.send('all');
  while (heard.messages.length < 3) await once(worker, 'message');
  assert.deepEqual(heard.messages[0], { echo: { n: 1 }, threadIndex: 1 });
  assert.deepEqual(heard.from.slice(1).sort(), [0, 1]);
});

test('threads of a process share memory, set up by the process before they start', async (t) => {
  const master = makeMaster(t);
  const worker = master.spawnWorker(entry('shared-memory', sharing(3)));
  const heard = collect(worker);
  await worker.whenReady();
  const threads = heard.messages.filter((message) => has(message, 'thread'));
  assert.equal(threads.length, 3);
  assert.ok(threads.every((message) => Reflect.get(message as object, 'before') === 1000));
  const accepting = heard.messages.filter((message) => has(message, 'accepting'));
  // Nobody accepts before every thread has started.
  assert.ok(accepting.every((message) => Reflect.get(message as object, 'started') === 3));
  worker.sendToProcess('hello');
  const [echo, from] = await once(worker, 'message');
  assert.deepEqual([echo, from], [{ process: 'hello' }, -1]);
});

test('a thread that ends by itself takes its process along where the spec says exit', async (t) => {
  const master = makeMaster(t);
  const worker = master.spawnWorker(entry('shared-memory', sharing(2)));
  const heard = collect(worker);
  await worker.whenReady();
  const told = once(worker, 'threadExit');
  worker.send('exit', 1);
  const [threadExit] = await told;
  assert.equal(threadExit.threadIndex, 1);
  assert.equal(threadExit.code, 7);
  const exit = await worker.gone;
  assert.equal(exit.code, 1);
  assert.equal(exit.isExpected, false);
  const seen = heard.messages.find((message) => has(message, 'exited'));
  assert.deepEqual(seen, { exited: 1, id: threadExit.threadId, isExpected: false });
});

test('a process ends a stuck thread, and its siblings go on where the spec says exit', async (t) => {
  const master = makeMaster(t);
  const worker = master.spawnWorker(entry('shared-memory', sharing(3)));
  await worker.whenReady();
  worker.send('loop', 1);
  const told = once(worker, 'threadExit');
  worker.sendToProcess(1);
  const [threadExit] = await told;
  assert.equal(threadExit.threadIndex, 1);
  worker.send('still there', 2);
  const [echo] = await once(worker, 'message');
  assert.deepEqual(echo, { echo: 'still there', thread: 2 });
  const retiring = once(worker, 'retire');
  worker.sendToProcess('retire');
  await retiring;
  assert.equal((await worker.drain(5000)).code, 0);
});

test('an entry that is missing or exports no startThread is a boot error', async (t) => {
  const master = makeMaster(t);
  const missing = await master.spawnWorker(entry('nowhere', {})).gone;
  assert.equal(missing.code, 3);
  assert.equal(missing.failure?.code, 'ERR_MODULE_NOT_FOUND');
  const url = new URL('../../prefork/types.ts', import.meta.url);
  const empty = await master.spawnWorker(entry('', { entry: url, threads: 2 })).gone;
  assert.equal(empty.code, 3);
  assert.match(empty.failure?.message ?? '', /does not export startThread/);
});

test('a process that cannot be spawned is an exit with the reason', async (t) => {
  const master = makeMaster(t);
  const tooBig = { BIG: 'x'.repeat(1_000_000) };
  const large = await master.spawnWorker(answering({}, { env: tooBig })).gone;
  assert.deepEqual([large.code, large.failure?.code], [1, 'E2BIG']);
  const { execPath } = process;
  process.execPath = '/nowhere/node';
  const lost = master.spawnWorker(answering());
  process.execPath = execPath;
  const exit = await lost.gone;
  assert.deepEqual([exit.code, exit.failure?.code, lost.pid], [1, 'ENOENT', 0]);
  assert.deepEqual(master.workers, []);
});

test('a port that another process came to listen on first is named in the failure', async (t) => {
  const [ours, theirs] = [makeMaster(t), makeMaster(t)];
  const place = await bindOne(ours);
  assert.ok('port' in place);
  // Both may bind while neither listens.
  await bindOne(theirs, {
    kind: 'tcp',
    ...place,
    ipv6Only: true,
    reusePort: false,
    backlog: 8,
  });
  await theirs.spawnWorker(answering()).whenReady();
  const exit = await ours.spawnWorker(answering()).gone;
  assert.equal(exit.code, 3);
  assert.equal(exit.failure?.code, 'EADDRINUSE');
  assert.equal(exit.failure?.syscall, 'listen');
  const { listener } = exit.failure;
  assert.ok(listener?.kind === 'tcp');
  assert.equal(listener.port, place.port);
});

const isRoot = process.geteuid?.() === 0;
const nobody = lookupUser('nobody');
const group = lookupGroup(String(nobody?.gid));

for (const threads of [1, 2]) {
  const skip = !isRoot || nobody === undefined ? 'not root' : false;
  test(`privileges are dropped before accept, for ${threads} threads`, { skip }, async (t) => {
    const master = makeMaster(t);
    const drop = { user: 'nobody', group: group!, initgroups: false };
    const worker = master.spawnWorker(
      entry('identity', { threads, privileges: { ...drop, dropAt: 'accept' } }),
    );
    const heard = collect(worker);
    await worker.whenReady();
    const mine = { uid: nobody?.uid, gid: group, groups: [group] };
    for (const message of heard.messages as { when: string; uid: number }[]) {
      if (message.when === 'start') assert.equal(message.uid, 0);
      else assert.deepEqual(message, { when: 'accept', ...mine });
    }
    assert.equal(heard.messages.length, 2 * threads);
  });

  test(`privileges are dropped before the entry loads, for ${threads} threads`, {
    skip,
  }, async (t) => {
    const master = makeMaster(t);
    const drop = { user: 'nobody', group: group!, initgroups: true };
    const worker = master.spawnWorker(
      entry('identity', { threads, privileges: { ...drop, dropAt: 'start' } }),
    );
    const heard = collect(worker);
    await worker.whenReady();
    assert.ok(
      heard.messages.every((message) => Reflect.get(message as object, 'uid') === nobody?.uid),
    );
    assert.equal(heard.messages.length, 2 * threads);
  });
}

function has(message: unknown, name: string): boolean {
  return typeof message === 'object' && message !== null && name in message;
}
