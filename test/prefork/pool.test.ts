import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { Master } from '../../prefork/master.ts';
import { Pool, type PoolOptions } from '../../prefork/pool.ts';
import type { WorkerExit } from '../../prefork/types.ts';
import type { Behaviour } from './fixtures/answering-thread.ts';
import { answering, ask, askTogether, bindOne, drained, makeMaster } from './serving.ts';

/** A pool whose next workers behave as the returned object says. */
function makePool(master: Master, size: number, more: Partial<PoolOptions> = {}) {
  const next: { behaviour: Behaviour } = { behaviour: {} };
  const pool = new Pool(master, {
    size,
    spec: () => answering(next.behaviour),
    drainTimeoutMs: 5000,
    ...more,
  });
  return { pool, next };
}

async function allReady(pool: Pool): Promise<void> {
  await Promise.all(pool.members.map((worker) => worker.whenReady()));
}

test('a worker killed with SIGKILL is replaced, and its sibling goes on', async (t) => {
  const master = makeMaster(t);
  const place = await bindOne(master);
  const { pool } = makePool(master, 2);
  t.after(() => pool.stop('quit'));
  pool.start();
  await allReady(pool);
  const [victim, sibling] = pool.members;
  const spawned = once(pool, 'spawn');
  const exited = once(pool, 'exit');
  victim?.kill('SIGKILL');
  const [, exit] = await exited;
  assert.equal(exit.signal, 'SIGKILL');
  assert.equal(exit.isExpected, false);
  const [successor] = await spawned;
  assert.equal(await successor.whenReady(), true);
  assert.deepEqual(pool.members, [sibling, successor]);
  assert.equal(successor.age, 3);
  assert.ok((await askTogether(place, 10)).every(({ pid }) => pid !== victim?.pid));
});

/** No test waits that long: whoever is replaced was not kept waiting. */
const FOR_EVER = { firstMs: 3600_000, mostMs: 3600_000 };

test('a worker that was ready is replaced at once, however often it dies', async (t) => {
  const master = makeMaster(t);
  const place = await bindOne(master);
  const { pool } = makePool(master, 1, { backoff: FOR_EVER });
  t.after(() => pool.stop('quit'));
  pool.start();
  await allReady(pool);
  const pids = new Set<number>();
  for (let deaths = 0; deaths < 8; deaths += 1) {
    const [victim] = pool.members;
    const spawned = once(pool, 'spawn');
    if (deaths % 2 === 0) victim?.kill('SIGKILL');
    else await ask(place, '/crash').catch(() => {}); // Answered before the crash or cut by it.
    await spawned;
    pids.add((await ask(place)).pid);
  }
  assert.equal(pids.size, 8);
});

test('a worker that was ready is replaced at once while another place waits for a retry', async (t) => {
  const master = makeMaster(t);
  await bindOne(master);
  const { pool, next } = makePool(master, 1, { backoff: FOR_EVER });
  t.after(() => pool.stop('quit'));
  pool.start();
  await allReady(pool);
  const [victim] = pool.members;
  next.behaviour = { failWith: 3 };
  pool.resize(2);
  await once(pool, 'retry');
  next.behaviour = {};
  const spawned = once(pool, 'spawn');
  victim?.kill('SIGKILL');
  const [successor] = await spawned;
  assert.equal(await successor.whenReady(), true);
  assert.deepEqual(pool.members, [successor], 'the other place waits still');
});

test('a worker that gets ready ends the growth of the delay', async (t) => {
  const master = makeMaster(t);
  const { pool, next } = makePool(master, 1, { backoff: { firstMs: 10, mostMs: 3600_000 } });
  t.after(() => pool.stop('quit'));
  const delays: number[] = [];
  pool.on('retry', (delayMs) => delays.push(delayMs));
  for (let round = 0; round < 2; round += 1) {
    next.behaviour = { failWith: 3 };
    if (round === 0) pool.start();
    else pool.members[0]?.kill('SIGKILL');
    await once(pool, 'retry');
    next.behaviour = {};
    await once(pool, 'ready');
  }
  assert.deepEqual(delays, [10, 10]);
});

test('the delay grows while workers die at boot, and their exit code passes through', async (t) => {
  const master = makeMaster(t);
  const { pool, next } = makePool(master, 2, {
    backoff: { firstMs: 10, mostMs: 40 },
  });
  t.after(() => pool.stop('quit'));
  next.behaviour = { failWith: 4 };
  const exits: WorkerExit[] = [];
  const delays: number[] = [];
  pool.on('exit', (_, exit) => exits.push(exit));
  const enough = new Promise<void>((resolve) => {
    pool.on('retry', (delayMs) => {
      delays.push(delayMs);
      if (delays.length === 4) resolve();
    });
  });
  pool.start();
  await enough;
  assert.deepEqual(delays, [10, 20, 40, 40]);
  assert.ok(exits.every(({ code, wasReady }) => code === 4 && !wasReady));
  assert.equal(exits[0]?.failure?.message, 'cannot start');
});

test('a process that exits by itself at boot keeps its code, 0 included', async (t) => {
  const master = makeMaster(t);
  const { pool, next } = makePool(master, 1, { mayRespawn: () => false });
  t.after(() => pool.stop('quit'));
  for (const code of [0, 3]) {
    next.behaviour = { exitAtBoot: code };
    pool.resize(1);
    const [, exit] = await once(pool, 'exit');
    assert.equal(exit.code, code);
    assert.equal(exit.failure, undefined);
  }
  assert.deepEqual(pool.members, []);
});

test('the owner decides whether a death is followed by a birth', async (t) => {
  const master = makeMaster(t);
  const asked: (number | null)[] = [];
  const { pool, next } = makePool(master, 1, {
    mayRespawn: (exit) => {
      asked.push(exit.code);
      return false;
    },
  });
  t.after(() => pool.stop('quit'));
  next.behaviour = { failWith: 3 };
  pool.start();
  await once(pool, 'exit');
  assert.deepEqual(asked, [3]);
  assert.deepEqual(pool.members, []);
});

test('a rolling replacement loses no request and leaves only new workers', async (t) => {
  const master = makeMaster(t);
  const place = await bindOne(master);
  const { pool, next } = makePool(master, 2);
  t.after(() => pool.stop('quit'));
  next.behaviour = { name: 'old' };
  pool.start();
  await allReady(pool);
  next.behaviour = { name: 'new' };
  const rolling = pool.replaceAll();
  let isOver = false;
  void rolling.then(() => {
    isOver = true;
  });
  let answered = 0;
  while (!isOver) answered += (await askTogether(place, 4)).length;
  assert.deepEqual(await rolling, { ok: true, replaced: 2 });
  assert.ok(answered > 0);
  await drained(master);
  const after = await askTogether(place, 10);
  assert.ok(after.every(({ name, age }) => name === 'new' && age > 2));
  assert.equal(pool.members.length, 2);
});

test('a rolling replacement with a broken successor keeps every old worker', async (t) => {
  const master = makeMaster(t);
  const place = await bindOne(master);
  const { pool, next } = makePool(master, 2);
  t.after(() => pool.stop('quit'));
  pool.start();
  await allReady(pool);
  const old = pool.members;
  next.behaviour = { failWith: 4 };
  const roll = await pool.replaceAll();
  assert.ok(!roll.ok);
  assert.equal(roll.replaced, 0);
  assert.equal(roll.exit.code, 4);
  assert.deepEqual(pool.members, old);
  assert.equal((await ask(place)).age < 3, true);
});

test('a worker that retires serves until its successor is ready', async (t) => {
  const master = makeMaster(t);
  const place = await bindOne(master);
  const { pool, next } = makePool(master, 1);
  t.after(() => pool.stop('quit'));
  next.behaviour = { retireAfter: 1 };
  pool.start();
  await allReady(pool);
  const [old] = pool.members;
  next.behaviour = {};
  const spawned = once(pool, 'spawn');
  await ask(place);
  const [successor] = await spawned;
  assert.equal(old?.state, 'ready');
  await successor.whenReady();
  const exit = await old?.gone;
  assert.equal(exit?.code, 0);
  assert.equal(exit?.isExpected, true);
  assert.equal((await ask(place)).pid, successor.pid);
  assert.deepEqual(pool.members, [successor]);
});

test('a worker that retires serves on while its successors fail, and leaves for one that is ready', async (t) => {
  const master = makeMaster(t);
  const place = await bindOne(master);
  const backoff = { firstMs: 10, mostMs: 10 };
  const { pool, next } = makePool(master, 1, { backoff });
  t.after(() => pool.stop('quit'));
  next.behaviour = { retireAfter: 1 };
  pool.start();
  await allReady(pool);
  const [old] = pool.members;
  next.behaviour = { failWith: 3 };
  const enough = new Promise<void>((resolve) => {
    pool.on('retry', (_, failures) => failures === 2 && resolve());
  });
  await ask(place);
  await enough;
  assert.equal(old?.state, 'ready');
  assert.equal((await ask(place)).pid, old?.pid);
  next.behaviour = {};
  const exit = await old?.gone;
  assert.deepEqual([exit?.code, exit?.isExpected], [0, true]);
  assert.notEqual((await ask(place)).pid, old?.pid);
});

test('a replacement starts at once what waits after failures', async (t) => {
  const master = makeMaster(t);
  const { pool, next } = makePool(master, 1, {
    backoff: { firstMs: 3600_000, mostMs: 3600_000 },
  });
  t.after(() => pool.stop('quit'));
  next.behaviour = { failWith: 3 };
  pool.start();
  await once(pool, 'retry');
  next.behaviour = {};
  const spawned = once(pool, 'spawn');
  assert.deepEqual(await pool.replaceAll(), { ok: true, replaced: 0 });
  const [worker] = await spawned;
  assert.equal(await worker.whenReady(), true);
});

test('a pool grows by spawning and shrinks by draining the oldest', async (t) => {
  const master = makeMaster(t);
  await bindOne(master);
  const { pool } = makePool(master, 1);
  t.after(() => pool.stop('quit'));
  pool.start();
  pool.resize(3);
  assert.deepEqual(
    pool.members.map(({ age }) => age),
    [1, 2, 3],
  );
  await allReady(pool);
  const [oldest] = pool.members;
  pool.resize(2);
  assert.deepEqual(
    pool.members.map(({ age }) => age),
    [2, 3],
  );
  assert.equal((await oldest?.gone)?.code, 0);
});

test('a worker ended by an operator with TERM is replaced as it begins to drain', async (t) => {
  const master = makeMaster(t);
  await bindOne(master);
  const pool = new Pool(master, {
    size: 1,
    spec: () => answering({}, { signals: { SIGTERM: 'drain' } }),
    drainTimeoutMs: 5000,
    backoff: { firstMs: 60_000, mostMs: 60_000 },
  });
  t.after(() => pool.stop('quit'));
  pool.start();
  await allReady(pool);
  const [leaver] = pool.members;
  const spawned = once(pool, 'spawn');
  process.kill(leaver!.pid, 'SIGTERM');
  await spawned;
  assert.equal(leaver?.state, 'draining');
  const exit = await leaver?.gone;
  assert.deepEqual([exit?.code, exit?.isExpected], [0, false]);
});
