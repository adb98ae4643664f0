import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, ratios, spread } from './statistics.ts';

test('the median of an odd number of values is the middle one, in numeric order', () => {
  assert.equal(median([10, 9, 100]), 10);
});

test('the median of an even number of values is the mean of the two middle ones', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
});

test('no values have no median and no spread', () => {
  assert.ok(Number.isNaN(median([])));
  assert.equal(spread([]), undefined);
});

test('a spread keeps the extremes', () => {
  assert.deepEqual(spread([3, 1, 8]), { median: 3, min: 1, max: 8, rounds: 3 });
});

test('ratios are taken within a round, so a slow moment that hits both sides leaves no trace', () => {
  assert.deepEqual(ratios([10, 40, 10], [5, 20, 5]), { median: 2, min: 2, max: 2, rounds: 3 });
});

test('a round that lacks one side is left out of the ratio', () => {
  assert.deepEqual(ratios([10, 40, undefined], [5, undefined, 5]), {
    median: 2,
    min: 2,
    max: 2,
    rounds: 1,
  });
});
