import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pulse } from './pulse.ts';

const PATIENCE = { silenceMs: 2000, bootMs: 30_000 };

/** A worker that has spoken at 0 with two threads. */
function beating(): Pulse {
  const pulse = new Pulse(PATIENCE, 0);
  pulse.beat(0, 0);
  pulse.beat(1, 0);
  return pulse;
}

test('a worker is lost when a thread is silent at two looks after its watchdog had its time', () => {
  const pulse = beating();
  pulse.beat(0, 6000);
  assert.equal(pulse.isLost(6000), false);
  assert.equal(pulse.isLost(6001), false);
  assert.equal(pulse.isLost(7001), true);
});

test('a worker killed while it was silent was killed for that', () => {
  const pulse = beating();
  assert.equal(pulse.isSilent(2000), false);
  assert.equal(pulse.isSilent(2001), true);
});

test('an arbiter that was held up reads the beats that wait before it murders', () => {
  const pulse = beating();
  assert.equal(pulse.isLost(60_000), false);
  pulse.beat(0, 60_001);
  pulse.beat(1, 60_001);
  assert.equal(pulse.isLost(61_000), false);
});

test('a thread that has ended is not waited for', () => {
  const pulse = beating();
  pulse.forget(1);
  pulse.beat(0, 60_000);
  assert.equal(pulse.isSilent(60_001), false);
  pulse.forget(0);
  assert.equal(pulse.isSilent(600_000), false);
});

test('a worker that has not said anything is booting, and has longer', () => {
  const pulse = new Pulse(PATIENCE, 1000);
  assert.equal(pulse.isSilent(31_000), false);
  assert.equal(pulse.isSilent(31_001), true);
  assert.equal(pulse.isLost(36_000), false);
  assert.equal(pulse.isLost(36_001), true);
});

test('timeout 0 looks at none', () => {
  const pulse = new Pulse({ silenceMs: 0, bootMs: 30_000 }, 0);
  pulse.beat(0, 0);
  assert.equal(pulse.isSilent(60_000), false);
  assert.equal(pulse.isLost(60_000), false);
  assert.equal(pulse.isLost(61_000), false);
});
