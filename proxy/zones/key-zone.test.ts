import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyZone } from './key-zone.ts';

const words = (count: number) => new Int32Array(new SharedArrayBuffer(count * 4));

test('entries are found by keys of any length until they are removed, and memory comes back', () => {
  const zone = new KeyZone(new SharedArrayBuffer(32_768), { threadIndex: 0, ended: words(1) });
  zone.lock();
  const keys = [0, 1, 19, 20, 21, 80, 81, 300].map((length) => 'k'.repeat(length));
  for (let round = 0; round < 100; round++) {
    for (const key of keys) zone.setCount(zone.insert(key), key.length);
    for (const key of keys) assert.equal(zone.count(zone.find(key)), key.length);
    for (const key of keys) zone.remove(zone.find(key));
    for (const key of keys) assert.equal(zone.find(key), 0);
  }
  assert.equal(zone.oldest, 0);
  zone.unlock();
});

test('a full zone takes no key, and the oldest is the one touched longest ago', () => {
  const zone = new KeyZone(new SharedArrayBuffer(32_768), { threadIndex: 0, ended: words(1) });
  zone.lock();
  let count = 0;
  while (zone.insert(`key${count}`) !== 0) count++;
  assert.ok(count > 400, `${count} keys`);
  zone.touch(zone.find('key0'));
  assert.equal(zone.oldest, zone.find('key1'));
  zone.remove(zone.oldest);
  assert.notEqual(zone.insert('another'), 0);
  zone.unlock();
});

test('a lock that an ended thread left is taken over, and the zone starts anew', () => {
  const ended = words(2);
  const memory = new SharedArrayBuffer(32_768);
  const dead = new KeyZone(memory, { threadIndex: 1, ended });
  dead.lock();
  dead.insert('key');
  Atomics.store(ended, 1, 1);
  const zone = new KeyZone(memory, { threadIndex: 0, ended });
  const { epoch } = zone;
  zone.lock();
  assert.equal(zone.find('key'), 0);
  assert.notEqual(zone.epoch, epoch);
  assert.notEqual(zone.insert('key'), 0);
  zone.unlock();
});
