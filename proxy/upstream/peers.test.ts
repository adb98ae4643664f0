import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Peer, PeerSet, type PeerSettings } from './peers.ts';

function peer(name: string, settings: Partial<PeerSettings> = {}): Peer {
  const line = { weight: 1, maxFails: 1, failTimeoutSeconds: 10, maxConns: 0, isDown: false };
  return new Peer({ path: name }, name, { ...line, ...settings });
}

function takes(set: PeerSet, count: number, now = 1000): string {
  let order = '';
  for (let i = 0; i < count; i++) {
    const chosen = set.choose(undefined, now);
    if (chosen === undefined) return `${order}-`;
    chosen.conns++;
    order += chosen.name;
    set.release(chosen, 'good', now);
  }
  return order;
}

test('weights spread requests smoothly', () => {
  const set = new PeerSet([peer('a', { weight: 5 }), peer('b'), peer('c')], []);
  assert.equal(takes(set, 14), 'aabacaaaabacaa');
});

test('a peer that failed max_fails times is left alone for fail_timeout, then tried once', () => {
  const a = peer('a', { maxFails: 2 });
  const set = new PeerSet([a, peer('b')], []);
  a.conns = 2;
  assert.equal(set.release(a, 'failed', 1000), false);
  assert.equal(set.release(a, 'failed', 1000), true);
  assert.equal(takes(set, 3, 1010), 'bbb');
  assert.ok(takes(set, 4, 1011).includes('a'));
  assert.equal(a.fails, 0, 'a good answer after the failure clears it');
});

test('max_fails=0 never leaves a peer alone', () => {
  const a = peer('a', { maxFails: 0 });
  const set = new PeerSet([a, peer('b')], []);
  for (let i = 0; i < 5; i++) {
    a.conns++;
    assert.equal(set.release(a, 'failed', 1000), false);
  }
  assert.equal(takes(set, 4), 'abab');
});

test('a single peer is never left alone', () => {
  const a = peer('a');
  const set = new PeerSet([a], []);
  a.conns++;
  set.release(a, 'failed', 1000);
  assert.equal(takes(set, 2), 'aa');
});

test('backups serve only when no primary peer can', () => {
  const a = peer('a');
  const set = new PeerSet([a], [peer('z')]);
  assert.equal(takes(set, 2), 'aa');
  assert.equal(set.choose([a], 1000)?.name, 'z');
  a.conns++;
  set.release(a, 'failed', 1000);
  assert.equal(takes(set, 2), 'zz');
  assert.equal(set.tries, 2);
});

test('down peers and full peers are passed over', () => {
  const b = peer('b', { maxConns: 1 });
  const set = new PeerSet([peer('a', { isDown: true }), b], []);
  assert.equal(set.tries, 1);
  assert.equal(set.choose(undefined, 1000)?.name, 'b');
  b.conns = 1;
  assert.equal(set.choose(undefined, 1000), undefined);
});
