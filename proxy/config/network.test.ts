import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isInNetwork, parseAddress, parseNetwork } from './network.ts';

function contains(network: string, address: string): boolean {
  const parsed = parseNetwork(network);
  const found = parseAddress(address);
  assert.ok(parsed !== undefined && found !== undefined);
  return isInNetwork(parsed.network, found);
}

describe('a network', () => {
  it('holds the addresses that share its first bits', () => {
    assert.ok(contains('10.0.0.0/8', '10.255.0.1'));
    assert.ok(!contains('10.0.0.0/8', '11.0.0.0'));
    assert.ok(contains('192.168.1.128/25', '192.168.1.200'));
    assert.ok(!contains('192.168.1.128/25', '192.168.1.100'));
    assert.ok(contains('0.0.0.0/0', '255.255.255.255'));
    assert.ok(contains('127.0.0.1', '127.0.0.1'));
    assert.ok(contains('2001:db8::/33', '2001:db8:7fff::1'));
    assert.ok(!contains('2001:db8::/33', '2001:db8:8000::1'));
    assert.ok(contains('::/0', 'ffff::'));
    assert.ok(!contains('::/0', '1.2.3.4'));
  });

  it('of IPv4 holds addresses mapped into IPv6', () => {
    assert.ok(contains('10.0.0.0/8', '::ffff:10.1.2.3'));
  });

  it('says whether bits beyond its mask were set', () => {
    assert.equal(parseNetwork('10.0.0.1/8')?.hasLowBits, true);
    assert.equal(parseNetwork('10.0.0.0/8')?.hasLowBits, false);
    assert.equal(parseNetwork('2001:db8::1/64')?.hasLowBits, true);
    assert.equal(parseNetwork('::1')?.hasLowBits, false);
  });

  it('is nothing else', () => {
    for (const text of [
      '',
      'a',
      '10.0.0',
      '1.2.3.4.5',
      '256.0.0.0',
      '1.2.3.4/33',
      '1.2.3.4/',
      '::/129',
    ]) {
      assert.equal(parseNetwork(text), undefined, text);
    }
    for (const text of [
      '1::2::3',
      ':::',
      '12345::',
      'g::',
      '1:2:3:4:5:6:7',
      'fe80::1%eth0',
      '1:2',
    ]) {
      assert.equal(parseNetwork(text), undefined, text);
    }
  });

  it('holds an address exactly where their leading bits are the same', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), fc.nat(32), (base, address, bits) => {
        const value = (text: string) =>
          text.split('.').reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
        const shift = BigInt(32 - bits);
        const expected = value(base) >> shift === value(address) >> shift;
        assert.equal(contains(`${base}/${bits}`, address), expected);
      }),
      { numRuns: 300 },
    );
  });
});
