import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1, ownBytes, recycle } from './bytes.ts';

test('owned bytes are equal to the borrowed ones and do not change with them', () => {
  for (const size of [0, 1, 2047, 2048, 65535, 65536, 65537, 131072]) {
    const borrowed = Buffer.alloc(size + 2, 97);
    const owned = ownBytes(borrowed, 1, size + 1);
    borrowed.fill(98);
    assert.equal(owned.length, size);
    assert.equal(owned.toString('latin1'), 'a'.repeat(size));
  }
});

test('memory comes back only after it was recycled', () => {
  const source = Buffer.alloc(4096, 1);
  const first = ownBytes(source, 0, 4096);
  const second = ownBytes(source, 0, 4096);
  assert.notEqual(first.buffer, second.buffer);
  recycle(first);
  assert.equal(ownBytes(source, 0, 4096).buffer, first.buffer);
});

test('bytes made elsewhere are never taken in', () => {
  const source = Buffer.alloc(4096, 1);
  const strange = Buffer.allocUnsafeSlow(65536);
  recycle(strange);
  assert.notEqual(ownBytes(source, 0, 4096).buffer, strange.buffer);
});

test('latin1 decodes any Uint8Array, one character per byte', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const text = latin1(bytes, 0, 256);
  for (let i = 0; i < 256; i++) assert.equal(text.charCodeAt(i), i);
  assert.equal(latin1(bytes, 65, 68), 'ABC');
});
