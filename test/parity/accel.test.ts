/** X-Accel-Redirect beside Debian's nginx: what the reply comes from, and what of the response stays. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { assertSameInAnyOrder, type Pair, startPair } from '../harness/parity.ts';
import { answering, response, upstreamFor } from '../proxy/upstream-servers.ts';

const KEPT = [
  'Content-Type: text/x-own; charset=utf-8',
  'Content-Disposition: attachment; filename="own"',
  'Cache-Control: private, no-store',
  'Expires: Thu, 01 Jan 2026 00:00:00 GMT',
  'Set-Cookie: a=1; Path=/',
  'Set-Cookie: b=2',
];
const LOST = [
  'ETag: "theirs"',
  'Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT',
  'Content-Language: de',
  'Vary: Cookie',
  'X-Lost: 1',
  'X-Accel-Buffering: no',
];

/** Redirects to the path in the query's place: `/to/protected/a.txt`. */
const script = answering((request) => {
  const [, status = '200', to = ''] = /^\S+ \/(?:\w+\/)?(\d{3})(\S+)/.exec(request) ?? [];
  const content = request.startsWith('HEAD ') ? '' : 'not this';
  return response(
    Number(status),
    content,
    `X-Accel-Redirect: ${to.replace('/@', '@')}`,
    ...KEPT,
    ...LOST,
  );
});

const FILES = {
  'files/a.txt': '0123456789',
  'files/a b%.txt': 'with a space',
  'files/ü.txt': 'umlaut',
  'files/empty': '',
};

describe('X-Accel-Redirect', { skip: lacksNginx() }, () => {
  let pair: Pair;
  const hooks: (() => unknown)[] = [];
  before(async () => {
    const upstream = await upstreamFor({ after: (hook) => hooks.push(hook) }, script);
    const to = `proxy_pass http://127.0.0.1:${upstream.port}; proxy_http_version 1.1; proxy_set_header Connection "";`;
    pair = await startPair(
      `server { listen 127.0.0.1:8080;
        location / { ${to} }
        location /protected/ { internal; alias files/; }
        location /added/ { internal; alias files/; add_header X-Content-Type-Options nosniff; expires 1h; }
        location /args { internal; return 200 "uri=$uri args=$args method=$request_method"; }
        location @named { return 200 "named uri=$uri method=$request_method"; }
        location /again/ { internal; ${to} }
        location /twice/ { internal; ${to} add_header X-Twice 1; proxy_ignore_headers X-Accel-Redirect; }
        location /ignored/ { ${to} proxy_ignore_headers X-Accel-Redirect; }
        location /passed/ { ${to} proxy_ignore_headers X-Accel-Redirect; proxy_pass_header X-Accel-Redirect; }
        location /hidden/ { ${to} proxy_hide_header Set-Cookie; proxy_hide_header Content-Disposition; }
        location /intercepted/ { ${to} proxy_intercept_errors on; error_page 404 /args; }
      }`,
      { files: FILES },
    );
  });
  after(async () => {
    await pair?.stop();
    for (const hook of hooks) await hook();
  });

  const REQUESTS: readonly (readonly [target: string, status: number, ...lines: string[]])[] = [
    ['/200/protected/a.txt', 200],
    ['/200/protected/a%20b%25.txt', 200],
    ['/200/protected/%C3%BC.txt', 200],
    ['/200/protected/empty', 200],
    ['/200/protected/none.txt', 404],
    ['/200/protected/', 403],
    ['/200/protected/a.txt', 206, 'Range: bytes=2-4'],
    ['/200/protected/a.txt', 206, 'Range: bytes=-3'],
    ['/200/protected/a.txt', 206, 'Range: bytes=0-1,4-5'],
    ['/200/protected/a.txt', 416, 'Range: bytes=99-'],
    ['/200/protected/a.txt', 304, 'If-Modified-Since: Fri, 02 Jan 2026 03:04:05 GMT'],
    ['/200/protected/a.txt', 200, 'If-None-Match: "theirs"'],
    ['/200/protected/a.txt', 412, 'If-Unmodified-Since: Mon, 01 Jan 2024 00:00:00 GMT'],
    ['/200/protected/a.txt', 412, 'If-Match: "theirs"'],
    ['/200/added/a.txt', 200],
    ['/404/protected/a.txt', 200],
    ['/302/protected/a.txt', 200],
    ['/200/args?a=b&c', 200],
    ['/200/args%3Fa', 200],
    ['/200/@named', 200],
    ['/200/@none', 500],
    ['/200/again/200/protected/a.txt', 200],
    ['/200/twice/200/protected/a.txt', 200],
    ['/200/protected/../../etc/passwd', 404],
    ['/200/protected/%2e%2e/%2e%2e/%2e%2e/etc/passwd', 400],
    ['/200/protected/./a.txt', 200],
    ['/ignored/200/protected/a.txt', 200],
    ['/passed/200/protected/a.txt', 200],
    ['/hidden/200/protected/a.txt', 200],
    ['/intercepted/404/protected/a.txt', 404],
    ['/protected/a.txt', 404],
  ];
  for (const [target, status, ...lines] of REQUESTS) {
    for (const method of ['GET', 'HEAD']) {
      test(`${method} ${[target, ...lines].join(', ')}`, async () => {
        const seen = await assertSameInAnyOrder(pair, requestOf(method, target, lines));
        assert.equal(seen.status, status);
      });
    }
  }

  test('a form is answered by a GET of the file', async () => {
    const content = 'a=b';
    for (const target of ['/200/args', '/200/protected/a.txt', '/200/@named']) {
      const seen = await assertSameInAnyOrder(
        pair,
        requestOf('POST', target, ['Content-Length: 3'], content),
      );
      assert.equal(seen.status, 200);
    }
  });

  test('the fields that nginx keeps are kept', async () => {
    const { fields } = await assertSameInAnyOrder(
      pair,
      requestOf('GET', '/200/protected/a.txt', []),
    );
    for (const line of KEPT) assert.ok(fields.includes(line), line);
    for (const line of LOST) assert.ok(!fields.includes(line), line);
  });
});

function requestOf(method: string, target: string, lines: readonly string[], content = ''): string {
  const all = [`${method} ${target} HTTP/1.1`, 'Host: a', ...lines, 'Connection: close'];
  return `${all.join('\r\n')}\r\n\r\n${content}`;
}
