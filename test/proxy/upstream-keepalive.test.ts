import assert from 'node:assert/strict';
import { test } from 'node:test';
import { get } from '../harness/raw-client.ts';
import { answering, judgeHere, proxyFor, response, upstreamFor } from './upstream-servers.ts';

const numbered = answering((_request, serial) => response(200, `c${serial}`));

test('connections are kept by default, each location its own', async (t) => {
  const upstream = await upstreamFor(t, numbered);
  const front = await proxyFor(
    t,
    `upstream app { server 127.0.0.1:${upstream.port}; }
    server { listen 127.0.0.1:8080;
      location /a { proxy_pass http://app; }
      location /b { proxy_pass http://app; }
      location /direct { proxy_pass http://127.0.0.1:${upstream.port}; }
    }`,
  );
  const contents: string[] = [];
  for (const path of ['/a', '/a', '/b', '/a', '/b', '/direct', '/direct']) {
    contents.push((await front.ask(get(path))).content);
  }
  assert.deepEqual(contents, ['c1', 'c1', 'c2', 'c1', 'c2', 'c3', 'c4']);
});

test('keepalive N shares them between locations; 0 keeps none', async (t) => {
  const upstream = await upstreamFor(t, numbered);
  const front = await proxyFor(
    t,
    `upstream some { server 127.0.0.1:${upstream.port}; keepalive 2; keepalive_requests 3; }
    upstream none { server 127.0.0.1:${upstream.port}; keepalive 0; }
    server { listen 127.0.0.1:8080;
      location /a { proxy_pass http://some; }
      location /b { proxy_pass http://some; }
      location /n { proxy_pass http://none; }
    }`,
  );
  const contents: string[] = [];
  for (const path of ['/a', '/b', '/a', '/b', '/n', '/n']) {
    contents.push((await front.ask(get(path))).content);
  }
  assert.deepEqual(contents, ['c1', 'c1', 'c1', 'c2', 'c3', 'c4']);
});

test('a connection is kept that the upstream leaves open, unless it speaks HTTP/1.0', async (t) => {
  const starts = ['HTTP/1.1 200 OK', 'HTTP/1.0 200 OK', 'HTTP/1.1 200 OK'];
  const lines = ['X: 1', 'Connection: keep-alive', 'Connection: Close'];
  const upstream = await upstreamFor(
    t,
    answering((request, serial) => {
      const kind = Number(/^GET \/(\d)/.exec(request)?.[1]);
      const content = `c${serial}`;
      return `${starts[kind]}\r\n${lines[kind]}\r\nContent-Length: ${content.length}\r\n\r\n${content}`;
    }),
  );
  const front = await proxyFor(
    t,
    `upstream app { server 127.0.0.1:${upstream.port}; keepalive 1 local; }
    server { listen 127.0.0.1:8080; location / { proxy_pass http://app; } }`,
  );
  const contents: string[] = [];
  for (const kind of [0, 0, 1, 0, 2, 0]) contents.push((await front.ask(get(`/${kind}`))).content);
  assert.deepEqual(contents, ['c1', 'c1', 'c1', 'c2', 'c2', 'c3']);
});

test('an idle connection is closed after keepalive_timeout', async (t) => {
  const closed = Promise.withResolvers<void>();
  const upstream = await upstreamFor(t, (connection) => {
    numbered(connection);
    connection.socket.once('end', () => closed.resolve());
  });
  const front = await proxyFor(
    t,
    `upstream app { server 127.0.0.1:${upstream.port}; keepalive_timeout 100ms; }
    server { listen 127.0.0.1:8080; location / { proxy_pass http://app; } }`,
  );
  await front.ask(get('/'));
  await closed.promise;
  assert.equal((await front.ask(get('/'))).content, 'c2');
});

test('weights decide how often a server is asked', async (t) => {
  const a = await upstreamFor(
    t,
    answering(() => response(200, 'a')),
  );
  const b = await upstreamFor(
    t,
    answering(() => response(200, 'b')),
  );
  const front = await proxyFor(
    t,
    `upstream app { server 127.0.0.1:${a.port} weight=3; server 127.0.0.1:${b.port}; server 127.0.0.1:1 backup; }
    server { listen 127.0.0.1:8080; location / { proxy_pass http://app; } }`,
    { main: 'worker_processes 1;' },
  );
  let order = '';
  for (let i = 0; i < 8; i++) order += (await front.ask(get('/'))).content;
  assert.equal(order, 'aabaaaba');
});

test('upstream blocks are checked as nginx checks them', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['upstream a { }', 'no servers are inside upstream in nginx.conf:1'],
    ['upstream a { server 127.0.0.1 x; }', 'invalid parameter "x" in nginx.conf:1'],
    ['upstream a { server 127.0.0.1 weight=0; }', 'invalid parameter "weight=0" in nginx.conf:1'],
    [
      'upstream a { server 127.0.0.1:0; }',
      'invalid port in upstream "127.0.0.1:0" in nginx.conf:1',
    ],
    [
      'upstream a { server 127.0.0.1; }\nupstream a { server 127.0.0.1; }',
      'duplicate upstream "a" in nginx.conf:2',
    ],
    ['upstream a { server 127.0.0.1 backup; }', 'no servers in upstream "a" in nginx.conf:1'],
    [
      'upstream a { server no-such-host.invalid; }',
      'host not found in upstream "no-such-host.invalid" in nginx.conf:1',
    ],
    [
      'upstream a { server 127.0.0.1; keepalive x; }',
      'invalid value "x" in "keepalive" directive in nginx.conf:1',
    ],
    [
      'upstream a { least_conn; server 127.0.0.1; }',
      'directive "least_conn" (module ngx_http_upstream_module) is not supported by Tandem in nginx.conf:1',
    ],
    [
      'upstream a { server 127.0.0.1 resolve; }',
      '"server" directive does not support parameter "resolve" in Tandem in nginx.conf:1',
    ],
    [
      'upstream a { server 127.0.0.1; }\nserver { listen 127.0.0.1:8080; location / { proxy_pass http://a:81; } }',
      'upstream "a" may not have port 81 in nginx.conf:2',
    ],
  ];
  for (const [text, message] of cases) {
    assert.equal(judgeHere(text), message, text);
  }
});
