/** Which paths an X-Accel-Redirect may name, and what they become, beside Debian's nginx. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { assertSameInAnyOrder, type Pair, startPair } from '../harness/parity.ts';
import { get } from '../harness/raw-client.ts';
import { answering, response, upstreamFor } from '../proxy/upstream-servers.ts';

const SAFE = [
  '/prot/p.txt',
  '/prot/pub/p.txt',
  '/prot/pub/./p.txt',
  '/prot/pub//p.txt',
  '//prot/p.txt',
  '/prot//p.txt',
  '/prot/pub/',
  '/prot/pub',
  '/prot/.../p.txt',
  '/prot/..p.txt',
  '/prot/p..',
  '/prot/p.txt/.',
  '/prot/p.txt#x',
  '/prot/p%23x.txt',
  '/prot/a%20b.txt',
  '/prot/a b.txt',
  '/prot/%70.txt',
  '/prot/%2570.txt',
  '/prot/%.txt',
  '/prot/%7.txt',
  '/prot/p.tx%74',
  '/prot/p.txt%',
  '/prot/p.txt%4',
  '/prot/p.txt?a=/../b',
  '/prot/p.txt?a=%2e%2e',
  '/prot/..\\secret.txt',
  '/prot/pub\\..\\secret.txt',
  '/prot/%5c..%5cp.txt',
  '/prot/.%2e%2e/p.txt',
  '/say?a=b%20c&d=%2f',
  '/say%3Fa=b',
  '/say/%ff\xff',
  'prot/p.txt',
  'x',
  '%2fprot/p.txt',
  'http://h/prot/p.txt',
  '/prot',
  '/',
  '@say',
  '@none',
  '/proxied/x%20y?z',
];

const UNSAFE: readonly (readonly [uri: string, logged: string])[] = [
  ['/prot/pub/../secret.txt', '/prot/pub/../secret.txt'],
  ['/prot/pub/%2e%2e/secret.txt', '/prot/pub/../secret.txt'],
  ['/prot/pub/.%2E/secret.txt?a', '/prot/pub/../secret.txt'],
  ['/prot/pub/..%2fsecret.txt', '/prot/pub/../secret.txt'],
  ['/prot/pub%2f../secret.txt', '/prot/pub/../secret.txt'],
  ['/prot/pub/..', '/prot/pub/..'],
  ['/prot/pub/%2e%2e', '/prot/pub/..'],
  ['/prot/pub/../', '/prot/pub/../'],
  ['/prot/pub/a/../p.txt', '/prot/pub/a/../p.txt'],
  ['/prot//../secret.txt', '/prot//../secret.txt'],
  ['/..', '/..'],
  ['/../prot/p.txt', '/../prot/p.txt'],
  ['..', '..'],
  ['../prot/p.txt', '../prot/p.txt'],
  ['%2e%2e/prot/p.txt', '../prot/p.txt'],
  ['?a=b', '?a=b'],
  ['?', '?'],
];

suite('paths of X-Accel-Redirect', { skip: lacksNginx() }, () => {
  let pair: Pair;
  let to = '';
  const hooks: (() => unknown)[] = [];
  before(async () => {
    const upstream = await upstreamFor(
      { after: (hook) => hooks.push(hook) },
      answering((request) => {
        const [line = ''] = request.split(' HTTP/1.', 1);
        if (!line.startsWith('GET /ask')) return response(200, line);
        return response(
          200,
          'not this',
          ...to.split('\n').map((uri) => `X-Accel-Redirect: ${uri}`),
        );
      }),
    );
    const pass = `proxy_pass http://127.0.0.1:${upstream.port}`;
    pair = await startPair(
      `server { listen 127.0.0.1:8080; root root; port_in_redirect off;
        location /ask { ${pass}; }
        location /prot/ { internal; alias prot/; }
        location /say { internal; return 200 "$uri|$args|$request_uri"; }
        location @say { return 200 "named $uri|$args"; }
        location /proxied/ { internal; ${pass}; }
        location /proxied/x { internal; ${pass}/changed; }
      }
      server { listen 127.0.0.1:8081; root root; merge_slashes off; port_in_redirect off;
        location /ask { ${pass}; }
        location /prot/ { internal; alias prot/; }
        location /say { internal; return 200 "$uri|$args|$request_uri"; }
      }`,
      { files: FILES },
    );
  });
  after(async () => {
    await pair?.stop();
    for (const hook of hooks) await hook();
  });

  test('what stays in its folder is followed alike', async () => {
    for (to of SAFE) await assertSameInAnyOrder(pair, get('/ask'));
  });

  test('arguments behind a last .. do not make it safe, as they do for nginx', async () => {
    to = '/prot/pub/..?a';
    assert.equal((await pair.tandem.ask(get('/ask'))).status, 404);
  });

  test('an empty one, and two of them', async () => {
    for (to of ['', '/prot/p.txt\n/prot/pub/p.txt', '\n/prot/p.txt']) {
      await assertSameInAnyOrder(pair, get('/ask'));
    }
  });

  test('what leaves its folder is 404, and the log says so', async () => {
    for (const [uri, logged] of UNSAFE) {
      to = uri;
      const { status } = await assertSameInAnyOrder(pair, get(`/ask?${encodeURIComponent(uri)}`));
      assert.equal(status, 404, uri);
      for (const front of [pair.nginx, pair.tandem]) {
        await front.lines('error.log', (lines) =>
          lines.some(
            (line) =>
              line.includes(`[error]`) &&
              line.includes(`unsafe URI "${logged}" was detected`) &&
              line.includes(`"GET /ask?${encodeURIComponent(uri)} HTTP/1.1"`),
          ),
        );
      }
    }
  });
});

const FILES = Object.fromEntries(
  [
    'prot/p.txt',
    'prot/pub/p.txt',
    'prot/secret.txt',
    'prot/a b.txt',
    'prot/p#x.txt',
    'prot/p.txt#x',
    'prot/%70.txt',
    'prot/..\\secret.txt',
    'prot/pub\\..\\secret.txt',
    'prot/.../p.txt',
    'secret.txt',
    'root/x',
    'root/prot/p.txt',
  ].map((name) => [name, name]),
);
