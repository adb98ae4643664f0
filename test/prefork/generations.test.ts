import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { Generations } from '../../prefork/generations.ts';
import {
  answering,
  ask,
  askTogether,
  bindOne,
  drained,
  LOOPBACK,
  makeFolder,
  makeMaster,
} from './serving.ts';

test('a new generation takes over and no request is lost', async (t) => {
  const master = makeMaster(t);
  const place = await bindOne(master);
  const generations = new Generations(master);
  t.after(() => generations.stop('quit'));
  assert.ok((await generations.replace(answering({ name: '1' }, { threads: 2 }))).ok);
  const names = new Set<string>();
  for (const name of ['2', '3']) {
    const swap = generations.replace(answering({ name }, { threads: 2 }));
    let isOver = false;
    void swap.then(() => {
      isOver = true;
    });
    while (!isOver) {
      names.add((await ask(place)).name);
      for (const answer of await askTogether(place, 4)) names.add(answer.name);
    }
    assert.ok((await swap).ok);
  }
  await drained(master);
  assert.equal((await ask(place)).name, '3');
  assert.ok(names.has('1') && names.has('2'), 'the former answered while the next one booted');
});

test('a generation that fails leaves the old one serving, with its exit code told', async (t) => {
  const master = makeMaster(t);
  const place = await bindOne(master);
  const generations = new Generations(master);
  t.after(() => generations.stop('quit'));
  const first = await generations.replace(answering());
  const second = await generations.replace(answering({ failWith: 3 }, { threads: 2 }));
  assert.ok(first.ok && !second.ok);
  assert.equal(second.exit?.code, 3);
  assert.equal(second.exit?.failure?.message, 'cannot start');
  assert.equal(generations.serving, first.worker);
  assert.equal((await ask(place)).pid, first.worker.pid);
});

test('a generation that is killed while it boots is started again, one that fails is not', async (t) => {
  const master = makeMaster(t);
  const place = await bindOne(master);
  const generations = new Generations(master);
  t.after(() => generations.stop('quit'));
  let spawned = 0;
  generations.on('spawn', (worker) => {
    spawned += 1;
    if (spawned < 3) worker.kill('SIGKILL');
  });
  const outcome = await generations.replace(answering());
  assert.ok(outcome.ok);
  assert.equal(spawned, 3);
  assert.equal((await ask(place)).pid, outcome.worker.pid);
  assert.equal((await generations.replace(answering({ failWith: 3 }))).ok, false);
  assert.equal(spawned, 4);
  generations.on('spawn', (worker) => worker.kill('SIGKILL'));
  const killed = await generations.replace(answering());
  assert.ok(!killed.ok);
  assert.equal(killed.exit?.signal, 'SIGKILL');
  assert.equal(generations.serving, outcome.worker);
});

test('a reload may add a listener and drop another', async (t) => {
  const master = makeMaster(t);
  const folder = makeFolder(t);
  const [a, b, c] = ['a', 'b', 'c'].map(
    (name) => ({ kind: 'unix', path: join(folder, name), backlog: 8 }) as const,
  );
  assert.ok(a && b && c);
  const generations = new Generations(master);
  t.after(() => generations.stop('quit'));
  const first = await master.listeners.prepare([a, b], 1);
  await generations.replace(answering({}, { listeners: first.keys }));
  first.commit();
  const second = await master.listeners.prepare([b, c], 1);
  const swap = await generations.replace(answering({}, { listeners: second.keys }));
  second.commit();
  assert.ok(swap.ok);
  await drained(master);
  assert.equal((await ask({ socketPath: b.path })).pid, swap.worker.pid);
  assert.equal((await ask({ socketPath: c.path })).pid, swap.worker.pid);
  await assert.rejects(ask({ socketPath: a.path }), { code: 'ENOENT' });
});

test('a serving process that dies is started again with the last good spec', async (t) => {
  const master = makeMaster(t);
  const place = await bindOne(master);
  const generations = new Generations(master);
  t.after(() => generations.stop('quit'));
  const first = await generations.replace(answering({ name: 'good' }));
  await generations.replace(answering({ failWith: 3 }));
  assert.ok(first.ok);
  first.worker.kill('SIGKILL');
  await first.worker.gone;
  const answer = await ask(place); // Waits in the backlog until the next one listens.
  assert.equal(answer.name, 'good');
  assert.notEqual(answer.pid, first.worker.pid);
});

test('a thread that ends by itself has its generation replaced, siblings serving meanwhile', async (t) => {
  const master = makeMaster(t);
  const place = await bindOne(master);
  const generations = new Generations(master);
  t.after(() => generations.stop('quit'));
  const spec = answering({}, { threads: 2, onThreadExit: 'report' });
  const first = await generations.replace(spec);
  assert.ok(first.ok);
  const told = once(generations, 'threadExit');
  const served = once(generations, 'serve');
  const crashed = ask(place, '/crash');
  const [, exit] = await told;
  assert.match(exit.stack, /crashed on purpose/);
  await crashed.catch(() => {}); // Answered before the crash or cut by it.
  assert.equal((await ask(place)).pid, first.worker.pid);
  const [worker, former] = await served;
  assert.equal(former, first.worker);
  assert.equal((await former.gone).code, 0);
  assert.equal((await ask(place)).pid, worker.pid);
});

/** No test waits that long: whoever is replaced was not kept waiting. */
const FOR_EVER = { firstMs: 3600_000, mostMs: 3600_000 };

test('a generation that served is replaced at once, however often it or a thread of it dies', async (t) => {
  const master = makeMaster(t);
  const place = await bindOne(master);
  const generations = new Generations(master, { backoff: FOR_EVER });
  t.after(() => generations.stop('quit'));
  await generations.replace(answering({}, { threads: 2, onThreadExit: 'report' }));
  const pids = new Set<number>();
  for (let deaths = 0; deaths < 4; deaths += 1) {
    const served = once(generations, 'serve');
    const { serving } = generations;
    if (deaths % 2 === 0) {
      serving?.kill('SIGKILL');
      await serving?.gone;
      assert.ok((await ask(place)).pid > 0, 'clients wait in the backlog');
      await served;
    } else {
      await ask(place, '/crash').catch(() => {}); // Answered before the crash or cut by it.
      await served;
      // Until it is gone it may answer once more, or be cut by the crash.
      await serving?.gone;
    }
    pids.add((await ask(place)).pid);
  }
  assert.equal(pids.size, 4);
});

test('a reload during the wait after a crash takes the place of the restart', async (t) => {
  const master = makeMaster(t);
  const place = await bindOne(master, LOOPBACK);
  const generations = new Generations(master, { backoff: FOR_EVER });
  t.after(() => generations.stop('quit'));
  const first = await generations.replace(answering());
  assert.ok(first.ok);
  const retry = once(generations, 'retry');
  generations.once('spawn', (successor) => successor.kill('SIGKILL'));
  first.worker.kill('SIGKILL');
  await retry;
  const second = await generations.replace(answering({ name: 'reloaded' }));
  assert.ok(second.ok);
  assert.equal((await ask(place)).name, 'reloaded');
  assert.deepEqual(master.workers, [second.worker]);
});

test('stopping starts nothing any more', async (t) => {
  const master = makeMaster(t);
  await bindOne(master);
  const generations = new Generations(master);
  await generations.replace(answering());
  const stopped = generations.stop('drain', 5000);
  assert.deepEqual(await generations.replace(answering()), { ok: false, exit: undefined });
  await stopped;
  assert.deepEqual(master.workers, []);
});
