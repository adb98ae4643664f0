import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Attempt, describeAttempts, secondsText } from './attempt.ts';

function attempts(...peers: readonly (string | undefined)[]): Attempt[] {
  return peers.map((peer) => new Attempt(peer, 0));
}

const name = (attempt: Attempt): string => attempt.peer ?? '?';

test('peers are listed with commas, groups with colons', () => {
  assert.equal(describeAttempts(attempts('a'), name), 'a');
  assert.equal(describeAttempts(attempts('a', 'b'), name), 'a, b');
  assert.equal(describeAttempts(attempts('a', 'b', undefined, 'c', 'd'), name), 'a, b : c, d');
});

test('times are seconds with three decimals, or a hyphen', () => {
  assert.equal(secondsText(-1), '-');
  assert.equal(secondsText(0.4), '0.000');
  assert.equal(secondsText(1234.4), '1.234');
});
