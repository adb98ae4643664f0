import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from './backoff.ts';

const OPTIONS = { firstMs: 100, mostMs: 500, stableMs: 10_000 };

test('the delay doubles with every early death, up to the cap', () => {
  const backoff = new Backoff(OPTIONS);
  const delays = [10, 10, 10, 10, 10].map((livedMs) => backoff.delayAfter(livedMs));
  assert.deepEqual(delays, [100, 200, 400, 500, 500]);
});

test('a stable life is followed at once and forgets the failures', () => {
  const backoff = new Backoff(OPTIONS);
  backoff.delayAfter(10);
  backoff.delayAfter(10);
  assert.equal(backoff.delayAfter(10_000), 0);
  assert.equal(backoff.failures, 0);
  assert.equal(backoff.delayAfter(9_999), 100);
});

test('many failures do not overflow the cap', () => {
  const backoff = new Backoff(OPTIONS);
  for (let count = 0; count < 2000; count += 1) backoff.delayAfter(0);
  assert.equal(backoff.delayAfter(0), 500);
  backoff.reset();
  assert.equal(backoff.delayAfter(0), 100);
});
