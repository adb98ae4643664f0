import assert from 'node:assert/strict';
import { test } from 'node:test';
import { field, get } from '../harness/raw-client.ts';
import { answering, proxyFor, response, upstreamFor } from './upstream-servers.ts';

const echo = answering((request) => response(200, request));

test('the client fields are passed on, those of the connection are not', async (t) => {
  const upstream = await upstreamFor(t, echo);
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:${upstream.port}; } }`,
  );
  const sent = [
    'GET /x HTTP/1.1',
    'Host: example.org',
    'User-Agent: a',
    'Connection: close, X-Private',
    'Keep-Alive: 1',
    'TE: trailers',
    'Expect: 100-continue',
    'Upgrade: foo',
    'X-Private: 1',
    'Cookie: a=1',
  ];
  const { content } = await front.ask(`${sent.join('\r\n')}\r\n\r\n`);
  assert.equal(
    content,
    `GET /x HTTP/1.1\r\nHost: 127.0.0.1:${upstream.port}\r\nUser-Agent: a\r\nX-Private: 1\r\nCookie: a=1\r\n\r\n`,
  );
});

test('Host comes first, then proxy_set_header in order; a level that sets any inherits none', async (t) => {
  const upstream = await upstreamFor(t, echo);
  const to = `http://127.0.0.1:${upstream.port}`;
  const front = await proxyFor(
    t,
    `proxy_set_header X-Outer 1;
    server { listen 127.0.0.1:8080;
      location /outer { proxy_pass ${to}; }
      location /own { proxy_pass ${to};
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header Host $host;
        proxy_set_header X-Host $proxy_host:$proxy_port;
        proxy_set_header Accept "";
        proxy_set_header X-Empty $arg_none;
        proxy_set_header Connection $http_connection;
      }
      location /none { proxy_pass ${to}; proxy_pass_request_headers off; proxy_http_version 1.0; }
    }`,
  );
  const host = `127.0.0.1:${upstream.port}`;
  assert.equal(
    (await front.ask(get('/outer', 'Accept: a'))).content,
    `GET /outer HTTP/1.1\r\nHost: ${host}\r\nX-Outer: 1\r\nAccept: a\r\n\r\n`,
  );
  assert.equal(
    (await front.ask(get('/own', 'Accept: a', 'X-Forwarded-For: 1.2.3.4'))).content,
    'GET /own HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 1.2.3.4, 127.0.0.1\r\n' +
      `X-Host: ${host}:${upstream.port}\r\nConnection: close\r\n\r\n`,
  );
  assert.equal(
    (await front.ask(get('/none', 'Accept: a'))).content,
    `GET /none HTTP/1.0\r\nHost: ${host}\r\nX-Outer: 1\r\n\r\n`,
  );
});

test('fields of the upstream itself are hidden unless they are passed', async (t) => {
  const lines = ['Server: app', 'Date: then', 'X-Pad: 1', 'X-Accel-Expires: 1', 'X-A: 1', 'X-B: 2'];
  const upstream = await upstreamFor(
    t,
    answering(() =>
      response(200, 'x', ...lines, 'Connection: keep-alive, X-C', 'X-C: 3', 'Keep-Alive: 5'),
    ),
  );
  const to = `http://127.0.0.1:${upstream.port}`;
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080;
      location / { proxy_pass ${to}; proxy_hide_header x-a; }
      location /pass { proxy_pass ${to}; proxy_pass_header Server; proxy_pass_header Date; }
    }`,
  );
  const hidden = await front.ask(get('/'));
  assert.match(field(hidden, 'server') ?? '', /^tandem/);
  const names = hidden.fields.map(([name]) => name);
  assert.deepEqual(names, ['Server', 'Date', 'X-B', 'Content-Length', 'Connection']);
  const passed = await front.ask(get('/pass'));
  assert.deepEqual(
    passed.fields.filter(([name]) => name === 'Server' || name === 'Date'),
    [
      ['Server', 'app'],
      ['Date', 'then'],
    ],
  );
});

test('proxy_redirect rewrites Location and Refresh', async (t) => {
  let location = '';
  const upstream = await upstreamFor(
    t,
    answering(() => response(302, '', `Location: ${location}`, `Refresh: 5; url=${location}`)),
  );
  const to = `http://127.0.0.1:${upstream.port}`;
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080; absolute_redirect off;
      location /one/ { proxy_pass ${to}/two/; }
      location /plain { proxy_pass ${to}; }
      location /off { proxy_pass ${to}; proxy_redirect off; }
      location /some { proxy_pass ${to};
        proxy_redirect http://a/ http://b/x/;
        proxy_redirect ~^http://c(?<rest>.*)/y$ http://d$rest/$arg_q;
        proxy_redirect default; }
    }`,
  );
  const cases: readonly (readonly [string, string, string])[] = [
    ['/one/', `${to}/two/x`, '/one/x'],
    ['/one/', `${to}/three`, `${to}/three`],
    ['/plain', `${to}/x`, '/x'],
    ['/off', `${to}/x`, `${to}/x`],
    ['/some', 'http://a/1', 'http://b/x/1'],
    ['/some?q=2', 'http://c/z/y', 'http://d/z/2'],
    ['/some', `${to}/e`, '/e'],
  ];
  for (const [path, sent, expected] of cases) {
    location = sent;
    const answer = await front.ask(get(path));
    assert.equal(field(answer, 'location'), expected, path);
    assert.equal(field(answer, 'refresh'), `5; url=${expected}`, path);
  }
});

test('cookies get another domain, path and flags', async (t) => {
  const upstream = await upstreamFor(
    t,
    answering(() =>
      response(
        200,
        '',
        'Set-Cookie: a=1; Domain=.up.local; Path=/app/x',
        'Set-Cookie: b=2; path=/app; Secure; SameSite=None',
      ),
    ),
  );
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:${upstream.port};
      proxy_cookie_domain up.local front.example;
      proxy_cookie_path /app/ /; proxy_cookie_path ~*^/APP$ /root;
      proxy_cookie_flags a httponly samesite=strict; proxy_cookie_flags ~b nosecure samesite=lax; } }`,
  );
  const answer = await front.ask(get('/'));
  assert.deepEqual(
    answer.fields.filter(([name]) => name === 'Set-Cookie').map(([, value]) => value),
    [
      'a=1; Domain=.front.example; Path=/x; HttpOnly; SameSite=Strict',
      'b=2; path=/root; SameSite=Lax',
    ],
  );
});

test('proxy_method and proxy_set_body replace what the client sent', async (t) => {
  const upstream = await upstreamFor(t, echo);
  const to = `http://127.0.0.1:${upstream.port}`;
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080;
      location /body { proxy_pass ${to}; proxy_method PUT; proxy_set_body "<$request_body>"; }
      location /none { proxy_pass ${to}; proxy_pass_request_body off; }
    }`,
  );
  const post = (path: string): string =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc`;
  const host = `Host: 127.0.0.1:${upstream.port}\r\n`;
  assert.equal(
    (await front.ask(post('/body'))).content,
    `PUT /body HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\n<abc>`,
  );
  assert.equal((await front.ask(post('/none'))).content, `POST /none HTTP/1.1\r\n${host}\r\n`);
});

test('the variables tell what became of the request', async (t) => {
  const upstream = await upstreamFor(
    t,
    answering(() => response(201, 'abc', 'X-Kind: k', 'Set-Cookie: id=7; Path=/')),
  );
  const front = await proxyFor(
    t,
    `log_format up '$upstream_addr|$upstream_status|$upstream_response_length|$upstream_http_x_kind|$upstream_cookie_id|$upstream_connect_time $upstream_header_time $upstream_response_time';
    access_log up.log up;
    upstream app { server 127.0.0.1:1; server 127.0.0.1:${upstream.port}; }
    server { listen 127.0.0.1:8080;
      location / { proxy_pass http://app; }
      location /dead { proxy_pass http://127.0.0.1:1; error_page 502 = @live; }
      location @live { proxy_pass http://127.0.0.1:${upstream.port}; }
    }`,
  );
  await front.ask(get('/'));
  await front.ask(get('/dead'));
  const [first = '', second = ''] = await front.lines('up.log', 2);
  const port = upstream.port;
  assert.match(
    first,
    new RegExp(
      `^127.0.0.1:1, 127.0.0.1:${port}\\|502, 201\\|0, 3\\|k\\|7\\|-, \\d+.\\d{3} -, \\d+.\\d{3} \\d+.\\d{3}, \\d+.\\d{3}$`,
    ),
  );
  assert.match(second, new RegExp(`^127.0.0.1:1 : 127.0.0.1:${port}\\|502 : 201\\|0 : 3\\|k`));
});
