/**
 * Proxying beside Debian's nginx: the same configuration and requests, then the same answers, and
 * the same bytes at the upstream. Debian's 1.22 speaks HTTP/1.0 with `Connection: close` by default;
 * mainline does not (1.29.7), so both are written out here.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { lacksNginx } from '../harness/nginx.ts';
import { assertSameJudgement, masks, type Pair, startPair } from '../harness/parity.ts';
import { ask } from '../harness/raw-client.ts';
import { answering, response, type Upstream, upstreamFor } from '../proxy/upstream-servers.ts';

const MAINLINE = 'proxy_http_version 1.1; proxy_set_header Connection "";';

/** Answers by path with what an upstream may say. */
const upstreamScript = answering((request) => {
  const path = /^\S+ (\S+)/.exec(request)?.[1] ?? '';
  if (path.startsWith('/302')) return response(302, '', 'Location: http://app/two/x?y');
  if (path.startsWith('/rel')) return response(301, 'moved', 'Location: /elsewhere');
  if (path.startsWith('/404')) return response(404, 'none', 'X-A: 1');
  if (path.startsWith('/500')) return response(500, 'broken');
  if (path.startsWith('/204')) return 'HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n';
  if (path.startsWith('/chunks')) {
    return 'HTTP/1.1 200 OK\r\nContent-Type: text/x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';
  }
  const isHead = request.startsWith('HEAD ');
  const fields = [
    'Content-Type: text/html; charset=utf-8',
    'ETag: "a"',
    'X-B: 2',
    'Set-Cookie: a=1',
  ];
  const more = [
    'Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT',
    'Cache-Control: no-cache',
    'Vary: Cookie',
  ];
  const text = response(200, 'hello', ...fields, ...more, 'Server: app', 'X-Powered-By: x');
  return isHead ? text.slice(0, -5) : text;
});

const REQUESTS: readonly string[] = [
  'GET / HTTP/1.1\r\nHost: a.example\r\nUser-Agent: x\r\nCookie: a=1; b=2\r\nAccept: */*\r\n',
  'GET /x%20y/../z?q=%20&r HTTP/1.1\r\nHost: A.Example:80\r\nX-Forwarded-For: 1.2.3.4\r\n',
  'HEAD /h HTTP/1.1\r\nHost: a\r\n',
  'GET /old HTTP/1.0\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: a\r\n',
  'GET http://abs.example/abs?1 HTTP/1.1\r\nHost: other\r\n',
  'DELETE /d HTTP/1.1\r\nHost: a\r\n',
  'GET /302 HTTP/1.1\r\nHost: a\r\n',
  'GET /rel HTTP/1.1\r\nHost: a\r\n',
  'GET /404 HTTP/1.1\r\nHost: a\r\n',
  'GET /500 HTTP/1.1\r\nHost: a\r\n',
  'GET /204 HTTP/1.1\r\nHost: a\r\n',
  'GET /chunks HTTP/1.1\r\nHost: a\r\n',
  'GET /chunks HTTP/1.0\r\nHost: a\r\n',
  'GET /loc/302 HTTP/1.1\r\nHost: a\r\n',
  'GET /loc/%D0%B0%25?b HTTP/1.1\r\nHost: a\r\n',
  'GET /loc/a%3Fb%23c HTTP/1.1\r\nHost: a\r\n',
  'GET /re/302 HTTP/1.1\r\nHost: a\r\n',
  'GET /rw/one?k HTTP/1.1\r\nHost: a\r\n',
  'GET /dead HTTP/1.1\r\nHost: a\r\n',
  'GET /page HTTP/1.1\r\nHost: a\r\n',
  'GET /page/404 HTTP/1.1\r\nHost: a\r\n',
  'GET /slash HTTP/1.1\r\nHost: a\r\n',
  'GET /cond HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\n',
];

const CONTENT: readonly string[] = [
  'POST /p HTTP/1.1\r\nHost: a\r\nContent-Type: t\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc',
  'PUT /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
  'POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
  `POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\nConnection: close\r\n\r\n${'x'.repeat(30000)}`,
];

describe('proxying beside nginx', { skip: lacksNginx() }, () => {
  let pair: Pair;
  let upstream: Upstream;
  const hooks: (() => unknown)[] = [];

  before(async () => {
    const context = { after: (hook: () => unknown) => hooks.push(hook) };
    upstream = await upstreamFor(context, upstreamScript);
    pair = await startPair(
      `
      client_body_buffer_size 8k;
      upstream app { server 127.0.0.1:${upstream.port}; }
      server { listen 127.0.0.1:8080; ${MAINLINE} root .;
        location / { proxy_pass http://app; }
        location /loc/ { proxy_pass http://app/; proxy_redirect http://app/two/ /three/; }
        location ~ ^/re(?<tail>/.*) { proxy_pass http://app$tail; proxy_redirect ~^http://app(.*) /r$1; }
        location /rw/ { rewrite ^/rw/(.*)$ /new/$1?z break; proxy_pass http://app/ignored/; }
        location /dead { proxy_pass http://127.0.0.1:1; }
        location /page { proxy_pass http://127.0.0.1:1; error_page 502 =503 @down; }
        location /page/404 { proxy_pass http://app/404; proxy_intercept_errors on; error_page 404 @down; }
        location @down { return 503 down; }
        location /slash/ { proxy_pass http://app; }
        location /cond { proxy_pass http://app;
          ${MAINLINE} proxy_set_header Host $http_host; proxy_set_header X-Real-IP $remote_addr;
          proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_hide_header X-B; }
      }`,
    );
  });

  after(async () => {
    await pair?.stop();
    for (const hook of hooks) await hook();
  });

  /** What one front answers and what then arrived at the upstream. */
  async function exchange(front: Pair['nginx'], request: string): Promise<unknown> {
    const from = upstream.connections.map((connection) => connection.received.length);
    const answer = await ask(front.port(), request);
    const arrived = upstream.connections
      .map((connection, i) => connection.received.slice(from[i] ?? 0))
      .join('');
    const fields = answer.fields
      .filter(([name]) => name !== 'Date' && name !== 'Server')
      .filter(([name]) => name !== 'Content-Length' || !answer.content.includes('<center>'))
      .map(([name, value]) => `${name}: ${masks(front, value)}`)
      .sort();
    return {
      status: `${answer.status} ${answer.reason}`,
      fields,
      content: masks(front, answer.content),
      arrived,
    };
  }

  for (const request of [
    ...REQUESTS.map((head) => `${head}Connection: close\r\n\r\n`),
    ...CONTENT,
  ]) {
    const name = request.slice(0, request.indexOf('\r\n'));
    test(`${name} ${request.length}`, async () => {
      const theirs = await exchange(pair.nginx, request);
      const ours = await exchange(pair.tandem, request);
      assert.deepEqual(ours, theirs);
    });
  }

  test('errors of proxy_pass and upstream are worded alike', () => {
    const server = (text: string): string => `server { listen 127.0.0.1:8080; ${text} }`;
    const broken: readonly string[] = [
      server('location / { proxy_pass http://a:0; }'),
      server('location @a { proxy_pass http://127.0.0.1/; }'),
      server('location / { proxy_pass http://$host; proxy_redirect default; }'),
      server('location / { proxy_pass http://no-such-host.invalid; }'),
      server('location / { proxy_http_version 3; }'),
      'upstream a { server 127.0.0.1/x; }',
      'upstream a { server 127.0.0.1 backup; }',
      'upstream a { server 127.0.0.1; } upstream A { server 127.0.0.1; }',
      'upstream a { server 127.0.0.1; keepalive_timeout x; }',
    ];
    for (const text of broken) assertSameJudgement(text);
  });
});
