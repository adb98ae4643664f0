import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Accounts, type Member } from './accounts.ts';
import { createBalanceCounts, mustYield } from './balance.ts';

const member = (): Member => ({ drain() {}, destroy() {} });

test('a thread yields when it is 4 and an eighth ahead of the least loaded live one', () => {
  const counts = createBalanceCounts(3);
  assert.equal(mustYield({ counts, index: 0 }, 1000), false, 'nobody else accepts');
  counts[1] = 0;
  assert.equal(mustYield({ counts, index: 0 }, 4), false);
  assert.equal(mustYield({ counts, index: 0 }, 5), true);
  counts[1] = 80;
  counts[2] = 800;
  assert.equal(mustYield({ counts, index: 0 }, 94), false);
  assert.equal(mustYield({ counts, index: 0 }, 95), true);
});

test('accepting pauses when ahead and goes on when a connection closes', () => {
  const counts = createBalanceCounts(2);
  const accounts = new Accounts({ balance: { counts, index: 0 } });
  counts[1] = 0;
  const log: string[] = [];
  accounts.addAcceptor({
    pause: () => log.push('pause'),
    resume: () => log.push('resume'),
    close: () => log.push('close'),
  });
  const members = Array.from({ length: 5 }, member);
  for (const one of members) accounts.add(one);
  assert.equal(counts[0], 5);
  assert.deepEqual(log, ['pause']);
  accounts.remove(members[0]!);
  assert.deepEqual(log, ['pause', 'resume']);
  void accounts.drain();
  assert.equal(counts[0], -1, 'a draining thread holds nobody back');
});

test('accepting goes on by itself after a moment', async () => {
  const counts = createBalanceCounts(2);
  const accounts = new Accounts({ balance: { counts, index: 0 } });
  counts[1] = 0;
  const resumed = new Promise<void>((resolve) => {
    accounts.addAcceptor({ pause() {}, resume: resolve, close() {} });
  });
  for (let i = 0; i < 5; i++) accounts.add(member());
  await resumed;
});

test('at the limit only a close resumes accepting', () => {
  const accounts = new Accounts({ connectionLimit: 2 });
  const log: string[] = [];
  accounts.addAcceptor({
    pause: () => log.push('pause'),
    resume: () => log.push('resume'),
    close() {},
  });
  const first = member();
  accounts.add(first);
  accounts.add(member());
  assert.deepEqual(log, ['pause']);
  accounts.remove(first);
  assert.deepEqual(log, ['pause', 'resume']);
  accounts.remove(first);
  assert.equal(accounts.active, 1, 'removing twice counts once');
});
