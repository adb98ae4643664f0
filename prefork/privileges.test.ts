import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { test } from 'node:test';
import { lookupGroup, lookupUser } from './privileges.ts';

test('a user is found by name and by number', () => {
  const { username, uid, gid } = userInfo();
  assert.deepEqual(lookupUser(username), { uid, gid });
  assert.deepEqual(lookupUser(String(uid)), { uid, gid });
});

test('a group is found by number, and nobody by a name that is not there', () => {
  const { gid } = userInfo();
  assert.equal(lookupGroup(String(gid)), gid);
  for (const name of ['', 'no such name', 'root:x', '-h']) {
    assert.equal(lookupUser(name), undefined);
    assert.equal(lookupGroup(name), undefined);
  }
});
