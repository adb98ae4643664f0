/** Paths that try to leave the root, in every encoding, find nothing outside of it. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Front } from '../harness/front.ts';
import { lacksNginx } from '../harness/nginx.ts';
import { assertSame, type Pair, startPair } from '../harness/parity.ts';
import { startProxy } from '../harness/proxy.ts';
import { startTiers } from './tiers.ts';

const HTTP = `
server {
  listen 127.0.0.1:8080;
  location / { root site; }
  location /static/ { alias site/files/; }
  location /exact/inner { alias site/files/inner; }
  location /private/ { return 403; }
  location /try/ { root site; try_files $uri $uri/ =404; }
}`;

const FILES = {
  secret: 'SECRET',
  'site/secret-too': 'top',
  'site/index.html': 'index',
  'site/files/a': 'a',
  'site/files/inner/b': 'b',
  'site/private/c': 'PRIVATE',
  'site/try/d': 'd',
};

/** Ways to write dot dot slash. */
const UPS = [
  '../',
  '..%2f',
  '..%2F',
  '%2e%2e/',
  '%2E%2e/',
  '%2e%2e%2f',
  '.%2e/',
  './../',
  '.././',
  '..//',
  '//../',
  '..\\',
  '..%5c',
  '%2e%2e%5c',
  '..%255c',
  '%252e%252e%252f',
  '..%252f',
  '%c0%ae%c0%ae/',
  '%c0%ae%c0%ae%c0%af',
  '..%c0%af',
  '..%c1%9c',
  '%e0%80%ae%e0%80%ae/',
  '%f0%80%80%ae%f0%80%80%ae/',
  '%uff0e%uff0e/',
  '..%u2215',
  '..;/',
  '..%00/',
  '..%0d/',
  '..%20/',
  '.../',
  '....//',
  '..%ef%bc%8f',
  '\xc0\xae\xc0\xae/',
];

const PREFIXES = ['/', '/static/', '/static', '/files/', '/try/', '/exact/inner/', '/exact/inner'];

function targets(): string[] {
  return UPS.flatMap((up) =>
    PREFIXES.flatMap((prefix) => [
      `${prefix}${up}secret`,
      `${prefix}${up.repeat(2)}secret`,
      `${prefix}${up.repeat(9)}etc/passwd`,
      `${prefix}x/${up.repeat(3)}secret`,
      `${prefix}?/${up}secret`,
    ]),
  );
}

/** Ways to a location that is closed; none may go round it. */
const CLOSED = [
  '/private/c',
  '//private/c',
  '/./private/c',
  '/%70rivate/c',
  '/private%2fc',
  '/x/../private/c',
  '/x/%2e%2e/private/c',
  '/static/../private/c',
  '/private//c',
  '/private/./c',
  '/try/../private/c',
  '/private/c%00',
  '/private/c%00.html',
];

function request(target: string): string {
  return `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
}

suite('paths out of the root', () => {
  let front: Front;
  before(async () => {
    front = await startProxy(HTTP, { files: FILES });
  });
  after(() => front?.stop());

  test('find nothing that lies outside', async () => {
    for (const target of targets()) {
      const { status, content } = await front.ask(request(target));
      assert.ok(!/SECRET|root:/.test(content), target);
      assert.ok([200, 301, 400, 403, 404].includes(status), `${status} to ${target}`);
    }
  });

  test('find nothing behind a location that is closed', async () => {
    for (const target of CLOSED) {
      const { status, content } = await front.ask(request(target));
      assert.ok(status >= 400, `${status} to ${target}`);
      assert.doesNotMatch(content, /PRIVATE/, target);
    }
  });
});

suite('beside nginx', { skip: lacksNginx() }, () => {
  let pair: Pair;
  before(async () => {
    pair = await startPair(HTTP, { files: FILES });
  });
  after(() => pair?.stop());

  test('every one of them is answered the same', async () => {
    for (const target of [...targets(), ...CLOSED]) await assertSame(pair, request(target));
  });

  // nginx's own trap: a prefix without a slash before an alias with one leads out by one folder.
  test('an alias that is off by a slash is as open as in nginx', async () => {
    const trap = 'server { listen 127.0.0.1:8080; location /static { alias site/files/; } }';
    const other = await startPair(trap, { files: FILES });
    try {
      const seen = await assertSame(other, request('/static../secret-too'));
      assert.equal(seen.content, 'top');
      for (const path of ['/static../../secret', '/static..%2f../secret']) {
        const { content } = await assertSame(other, request(path));
        assert.doesNotMatch(content, /SECRET/);
      }
    } finally {
      await other.stop();
    }
  });
});

test('the pool gets the target that was judged, and nothing of a closed location', async (t) => {
  const { proxy, settled } = await startTiers(t, {
    server: 'location /private/ { return 403; }',
  });
  for (const target of CLOSED) {
    assert.ok((await proxy.ask(request(target))).status >= 400, target);
  }
  assert.deepEqual(await settled(), []);
});
