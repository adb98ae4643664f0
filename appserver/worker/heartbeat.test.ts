import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pulse } from './heartbeat.ts';

test('a worker is lost when one of its threads is silent at two looks in a row', () => {
  const pulse = new Pulse(2);
  pulse.beat(0, 0);
  pulse.beat(1, 0);
  assert.equal(pulse.isLost(2000), false);
  pulse.beat(0, 2000);
  assert.equal(pulse.isLost(2001), false);
  assert.equal(pulse.isLost(3000), true);
});

test('an arbiter that was held up reads the beats that wait before it murders', () => {
  const pulse = new Pulse(2);
  pulse.beat(0, 0);
  assert.equal(pulse.isLost(60_000), false);
  pulse.beat(0, 60_001);
  assert.equal(pulse.isLost(61_000), false);
});

test('a worker that has not said anything is booting, and timeout 0 looks at none', () => {
  assert.equal(new Pulse(1).isLost(60_000), false);
  const pulse = new Pulse(0);
  pulse.beat(0, 0);
  assert.equal(pulse.isLost(60_000), false);
  assert.equal(pulse.isLost(61_000), false);
});
