import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SettingError } from '../errors.ts';
import { Forwarded } from './forwarded.ts';

const HEADERS = { 'X-FORWARDED-PROTO': 'https', 'X-FORWARDED-SSL': 'on' };

function trusting(...list: string[]): Forwarded {
  return new Forwarded({ forwarded_allow_ips: list, secure_scheme_headers: HEADERS });
}

test('peers are believed by address, by network, on a Unix socket, or all of them', () => {
  const some = trusting('10.0.0.1', '192.168.0.0/16', '::1', 'fd00::/8');
  for (const peer of ['10.0.0.1', '192.168.3.4', '::1', 'fd00::9', 'unix:']) {
    assert.equal(some.trusts(peer), true, peer);
  }
  for (const peer of ['10.0.0.2', '192.169.0.1', '::2', '', 'junk']) {
    assert.equal(some.trusts(peer), false, peer);
  }
  assert.equal(trusting('*').trusts('8.8.8.8'), true);
  assert.equal(trusting().trusts('127.0.0.1'), false);
});

for (const entry of ['x', '10.0.0.1/33', '10.0.0.1/8/8', '10.0.0.1/', '::1/129', '10.0.0']) {
  test(`"${entry}" is refused`, () => {
    assert.throws(() => trusting(entry), SettingError);
  });
}

test('the scheme is https where the fields say so, and unknown where they contradict', () => {
  const forwarded = trusting('*');
  assert.equal(forwarded.schemeOf([]), 'http');
  assert.equal(forwarded.schemeOf(['Host', 'h', 'x-forwarded-proto', 'https']), 'https');
  assert.equal(forwarded.schemeOf(['X-Forwarded-Proto', 'HTTPS']), 'http');
  assert.equal(
    forwarded.schemeOf(['X-Forwarded-Proto', 'https', 'X-Forwarded-Ssl', 'on']),
    'https',
  );
  assert.equal(
    forwarded.schemeOf(['X-Forwarded-Proto', 'https', 'X-Forwarded-Ssl', 'off']),
    undefined,
  );
});

const CLIENTS: [string, string | undefined, string][] = [
  ['10.0.0.1', undefined, '10.0.0.1'],
  ['10.0.0.1', '1.2.3.4', '1.2.3.4'],
  ['10.0.0.1', '6.6.6.6, 1.2.3.4', '1.2.3.4'],
  ['10.0.0.1', '6.6.6.6,1.2.3.4,10.0.0.1', '1.2.3.4'],
  ['10.0.0.1', '10.0.0.1', '10.0.0.1'],
  ['10.0.0.1', '1.2.3.4, junk', '10.0.0.1'],
  ['10.0.0.1', '', '10.0.0.1'],
  ['10.0.0.9', '1.2.3.4', '10.0.0.9'],
  ['unix:', '::1', '::1'],
  ['unix:', undefined, ''],
];
for (const [peer, field, client] of CLIENTS) {
  test(`${peer} forwarding "${field}" speaks for "${client}"`, () => {
    assert.equal(trusting('10.0.0.1').clientOf(peer, field), client);
  });
}
