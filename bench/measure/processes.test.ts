import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  coreTimeFromStat,
  descendantsAmong,
  familyOf,
  parentFromStat,
  pssFromRollup,
  readPss,
  readTimes,
  timeBetween,
  timeFromSchedstat,
  timeFromStat,
  timeSource,
} from './processes.ts';

const STAT = '77 (odd) name (x)) S 12 77 77 0 -1 4194304 5 0 0 0 250 31 9 9 20 0 1 0 1000 0 0';

test('the parent is read behind a command that holds parentheses and spaces', () => {
  assert.equal(parentFromStat(STAT), 12);
});

test('user and system ticks become nanoseconds, children left out', () => {
  assert.equal(timeFromStat(STAT), 2_810_000_000);
});

test('the first number of schedstat is run time in nanoseconds', () => {
  assert.equal(timeFromSchedstat('125327000001 93117 2\n'), 125_327_000_001);
});

test('a core is busy for all of its time but idle and iowait', () => {
  const text = 'cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 10 1 5 900 70 0 2 3 8 0\ncpu1 1 1 1 1 1 1 1 1 0 0\n';
  assert.equal(coreTimeFromStat(text, 0), 210_000_000);
  assert.throws(() => coreTimeFromStat(text, 7), /no core 7/);
});

test('Pss is taken from its own line, not from Pss_Dirty', () => {
  const text =
    'a-b ---p 00 00:00 0 [rollup]\nRss: 1584 kB\nPss:                 329 kB\nPss_Dirty: 112 kB\n';
  assert.equal(pssFromRollup(text), 329 * 1024);
});

test('grandchildren belong to the family and strangers do not', () => {
  const kin = [
    { pid: 1, parent: 0 },
    { pid: 30, parent: 20 },
    { pid: 20, parent: 10 },
    { pid: 10, parent: 1 },
    { pid: 40, parent: 1 },
  ];
  assert.deepEqual(descendantsAmong(10, kin), [10, 20, 30]);
});

test('a task that began between two readings counts whole', () => {
  const before = new Map([['1/1', 100]]);
  const after = new Map([
    ['1/1', 150],
    ['1/2', 7],
  ]);
  assert.equal(timeBetween(before, after), 57);
});

test('a task that ended between two readings is an error, since its time is lost', () => {
  assert.throws(() => timeBetween(new Map([['1/1', 100]]), new Map()), /task 1\/1 ended/);
});

test('this process has processor time and memory', { skip: process.platform !== 'linux' }, () => {
  const source = timeSource();
  const family = familyOf(process.pid);
  assert.equal(family[0], process.pid);
  const before = readTimes([process.pid], source);
  const until = process.hrtime.bigint() + 30_000_000n;
  while (process.hrtime.bigint() < until);
  assert.ok(timeBetween(before, readTimes([process.pid], source)) > 0);
  assert.ok(readPss([process.pid]) > 1_000_000);
});
