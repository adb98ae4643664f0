import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isGroup, isUser } from './system-accounts.ts';

describe('accounts of the system', () => {
  it('are known by their whole name', () => {
    assert.ok(isUser('root'));
    assert.ok(!isUser('roo'));
    assert.ok(!isUser('no such user'));
  });

  it('have groups, of which no name begins with a dash', () => {
    assert.ok(isGroup('daemon'));
    assert.ok(!isGroup('no-such-group'));
    assert.ok(!isGroup('--help'));
  });
});
