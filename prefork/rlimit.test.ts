import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { connectionPlaces, openFileLimit, parseLimits, placesOf } from './rlimit.ts';

test('it is what the shell says of the same process family', () => {
  const said = execFileSync('/bin/sh', ['-c', 'ulimit -n'], { encoding: 'latin1' }).trim();
  assert.equal(openFileLimit(), said === 'unlimited' ? undefined : Number(said));
});

test('half of what is free is for clients, shared by the threads, one for each at least', () => {
  assert.equal(placesOf(64, 24, 1), 20);
  assert.equal(placesOf(64, 24, 4), 5);
  assert.equal(placesOf(64, 63, 4), 1);
  assert.equal(placesOf(20_000, 32, 2), 7936);
  const limit = openFileLimit();
  const places = connectionPlaces(1);
  assert.ok(limit === undefined ? places === undefined : places! < limit);
});

test('the soft limit is read, and unlimited is none', () => {
  const line = (soft: string): string =>
    `Max processes  1 2 x\nMax open files            ${soft}    4096   files\n`;
  assert.equal(parseLimits(line('1024')), 1024);
  assert.equal(parseLimits(line('unlimited')), undefined);
  assert.equal(parseLimits(''), undefined);
});
