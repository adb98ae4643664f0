import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { openFileLimit, parseLimits } from './rlimit.ts';

test('it is what the shell says of the same process family', () => {
  const said = execFileSync('/bin/sh', ['-c', 'ulimit -n'], { encoding: 'latin1' }).trim();
  assert.equal(openFileLimit(), said === 'unlimited' ? undefined : Number(said));
});

test('the soft limit is read, and unlimited is none', () => {
  const line = (soft: string): string =>
    `Max processes  1 2 x\nMax open files            ${soft}    4096   files\n`;
  assert.equal(parseLimits(line('1024')), 1024);
  assert.equal(parseLimits(line('unlimited')), undefined);
  assert.equal(parseLimits(''), undefined);
});
