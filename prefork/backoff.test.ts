import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from './backoff.ts';

const OPTIONS = { firstMs: 100, mostMs: 500 };

test('the delay doubles with every failure, up to the cap', () => {
  const backoff = new Backoff(OPTIONS);
  const delays = Array.from({ length: 5 }, () => backoff.next());
  assert.deepEqual(delays, [100, 200, 400, 500, 500]);
  assert.equal(backoff.failures, 5);
});

test('many failures do not overflow the cap, and are forgotten', () => {
  const backoff = new Backoff(OPTIONS);
  for (let count = 0; count < 2000; count += 1) backoff.next();
  assert.equal(backoff.next(), 500);
  backoff.reset();
  assert.equal(backoff.failures, 0);
  assert.equal(backoff.next(), 100);
});
