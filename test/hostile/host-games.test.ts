/** Which server answers, and which host the pool hears of, whatever a client says of hosts. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Front } from '../harness/front.ts';
import { lacksNginx } from '../harness/nginx.ts';
import { assertSame, type Pair, startPair } from '../harness/parity.ts';
import { startProxy } from '../harness/proxy.ts';
import { startTiers } from './tiers.ts';

const HTTP = `
server { listen 127.0.0.1:8080 default_server; server_name first; return 200 "first $host $request_uri"; }
server { listen 127.0.0.1:8080; server_name inner.test; return 200 "inner $host $request_uri"; }
server { listen 127.0.0.1:8081; server_name moved; return 301 https://$host$request_uri; }`;

/** Request line, and the field line of the host. */
type Ask = readonly [target: string, host: string];

function request([target, host]: Ask): string {
  return `GET ${target} HTTP/1.1\r\n${host}\r\nConnection: close\r\n\r\n`;
}

const REFUSED: readonly Ask[] = [
  ['/', 'X: no host'],
  ['/', 'Host:'],
  ['/', 'Host: inner.test first'],
  ['/', 'Host: inner.test\tfirst'],
  ['/', 'Host: inner.test/first'],
  ['/', 'Host: inner..test'],
  ['/', 'Host : inner.test'],
  ['/', ' Host: inner.test'],
  ['/', 'Host: inner.test\x00'],
  ['/', 'Host: inner.test\r\nHost: inner.test'],
  ['/', 'Host: first\r\nHost: inner.test'],
  ['http://user@inner.test/', 'Host: first'],
  ['http://user:word@inner.test/', 'Host: first'],
  ['http:///', 'Host: first'],
];

/** Refused by nginx since 1.29; older ones stop at the first colon, and take an at sign for a letter. */
const REFUSED_SINCE: readonly Ask[] = [
  ['/', 'Host: user@inner.test'],
  ['/', 'Host: inner.test@first'],
  ['/', 'Host: inner.test:80:90'],
  ['/', 'Host: inner.test:http'],
  ['/', 'Host: inner.test:65536'],
];

/** What is answered is said by nginx; the first word is the server. */
const TAKEN: readonly (readonly [...Ask, answer: string])[] = [
  ['/', 'Host: inner.test', 'inner inner.test /'],
  ['/', 'Host: INNER.test.:80', 'inner inner.test /'],
  ['/', 'Host: first,inner.test', 'first first,inner.test /'],
  ['/', 'Host: inner%2etest', 'first inner%2etest /'],
  ['http://inner.test/a?b', 'Host: first', 'inner inner.test /a?b'],
  ['http://inner.test', 'Host: first', 'inner inner.test /'],
  ['http://inner.test:8/a', 'Host: first', 'inner inner.test /a'],
  ['HTTP://INNER.TEST/a', 'Host: first', 'inner inner.test /a'],
  ['ftp://inner.test/a', 'Host: first', 'inner inner.test /a'],
];

suite('hosts that nobody could mean', () => {
  let proxy: Front;
  before(async () => {
    proxy = await startProxy(HTTP);
  });
  after(() => proxy?.stop());

  test('are refused', async () => {
    for (const each of [...REFUSED, ...REFUSED_SINCE]) {
      assert.equal((await proxy.ask(request(each))).status, 400, JSON.stringify(each));
    }
  });

  test('that of an absolute target wins, odd ones choose the default server', async () => {
    for (const [target, host, answer] of TAKEN) {
      const { content } = await proxy.ask(request([target, host]));
      assert.equal(content, answer, JSON.stringify([target, host]));
    }
  });

  test('a redirect to $host$request_uri names the host that was checked, once', async () => {
    for (const path of ['/a?b', '/', '//evil.test/']) {
      const { fields } = await proxy.ask(request([`http://good.test${path}`, 'Host: x']), 8081);
      const location = fields.find(([name]) => name === 'Location')?.[1];
      assert.equal(location, `https://good.test${path}`);
    }
  });
});

suite('nginx answers the same', { skip: lacksNginx() }, () => {
  let pair: Pair;
  before(async () => {
    pair = await startPair(HTTP);
  });
  after(() => pair?.stop());

  test('to every one of them', async () => {
    const taken = TAKEN.map(([target, host]): Ask => [target, host]);
    for (const each of [...REFUSED, ...taken]) await assertSame(pair, request(each));
    await assertSame(pair, request(['http://good.test?b', 'Host: x']), 8081);
  });
});

test('the pool hears one Host, the one that the proxy chose by', async (t) => {
  const { proxy } = await startTiers(t);
  const host = 'http://inner.test/a';
  const answer = await proxy.ask(request([host, 'Host: first\r\nX-Forwarded-Host: evil.test']));
  const { url, headers } = JSON.parse(answer.content);
  assert.equal(url, 'http://inner.test/a');
  const hosts = headers.filter(([name]: [string]) => name === 'host');
  assert.deepEqual(hosts, [['host', 'inner.test']]);
});
