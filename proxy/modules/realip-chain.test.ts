import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Network, parseNetwork } from '../config/network.ts';
import { findClient, parsePeer, type Trusted } from './realip-chain.ts';

function trusting(...texts: string[]): Trusted {
  const networks = texts.flatMap((text): Network[] => {
    const parsed = parseNetwork(text);
    return parsed === undefined ? [] : [parsed.network];
  });
  return { networks, isUnixTrusted: texts.includes('unix:') };
}

const LOCAL = trusting('127.0.0.1', '10.0.0.0/8', '::1', 'unix:');

test('an untrusted peer names nobody', () => {
  assert.equal(findClient('192.0.2.1', '198.51.100.1', LOCAL, true), undefined);
  assert.equal(findClient('unix:', '198.51.100.1', trusting('127.0.0.1'), false), undefined);
});

test('without recursion the last address counts, trusted or not', () => {
  assert.deepEqual(findClient('127.0.0.1', '198.51.100.1, 10.0.0.1', LOCAL, false), {
    address: '10.0.0.1',
    port: 0,
  });
});

test('with recursion trusted addresses are passed over from the right', () => {
  const list = '203.0.113.9, 198.51.100.1,10.0.0.2 , 10.0.0.1, ';
  assert.equal(findClient('unix:', list, LOCAL, true)?.address, '198.51.100.1');
});

test('with recursion the first of nothing but trusted addresses counts', () => {
  assert.equal(findClient('::1', '10.0.0.2, 10.0.0.1', LOCAL, true)?.address, '10.0.0.2');
});

test('a word that is no address ends the search at what was found before', () => {
  assert.equal(findClient('127.0.0.1', 'unknown, 10.0.0.1', LOCAL, true)?.address, '10.0.0.1');
  assert.equal(findClient('127.0.0.1', 'unknown', LOCAL, true), undefined);
  assert.equal(findClient('127.0.0.1', '', LOCAL, true), undefined);
  assert.equal(findClient('127.0.0.1', ' , ', LOCAL, true), undefined);
});

test('ports and brackets are read, IPv6 is written in its shortest form', () => {
  assert.deepEqual(parsePeer('192.0.2.1:8080'), { address: '192.0.2.1', port: 8080 });
  assert.deepEqual(parsePeer('[2001:DB8:0:0::1]:443'), { address: '2001:db8::1', port: 443 });
  assert.deepEqual(parsePeer('2001:db8:0:0:0:0:0:1'), { address: '2001:db8::1', port: 0 });
});

test('what is no address and port is refused', () => {
  const words = [
    '',
    'a',
    '1.2.3',
    '1.2.3.4:',
    '1.2.3.4:0',
    '1.2.3.4:65536',
    '[::1]',
    '[::1',
    'unix:',
  ];
  for (const word of words) assert.equal(parsePeer(word), undefined, word);
});
