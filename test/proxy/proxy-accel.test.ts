import assert from 'node:assert/strict';
import { test } from 'node:test';
import { field, get } from '../harness/raw-client.ts';
import { answering, proxyFor, response, upstreamFor } from './upstream-servers.ts';

test('X-Accel-Redirect answers from an internal location and keeps some fields', async (t) => {
  const upstream = await upstreamFor(
    t,
    answering((request) => {
      const path = /^[A-Z]+ (\S+)/.exec(request)![1]!;
      const to = path === '/named' ? '@other' : '/files/a%20b.txt?x';
      const kept = ['Cache-Control: private', 'Set-Cookie: a=1', 'Content-Type: text/x-own'];
      return response(200, 'not this', `X-Accel-Redirect: ${to}`, ...kept, 'X-Lost: 1');
    }),
  );
  const to = `http://127.0.0.1:${upstream.port}`;
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080; root .;
      location / { proxy_pass ${to}; }
      location /files/ { internal; }
      location @other { return 200 "other"; }
      location /ignored { proxy_pass ${to}; proxy_ignore_headers X-Accel-Redirect; }
    }`,
    { files: { 'files/a b.txt': 'the file' } },
  );
  const answer = await front.ask(get('/download'));
  assert.deepEqual([answer.status, answer.content], [200, 'the file']);
  assert.equal(field(answer, 'x-accel-redirect'), undefined);
  assert.equal(field(answer, 'x-lost'), undefined);
  assert.equal(field(answer, 'cache-control'), 'private');
  assert.equal(field(answer, 'set-cookie'), 'a=1');
  assert.equal((await front.ask(get('/files/a%20b.txt'))).status, 404, 'internal only');
  assert.equal((await front.ask(get('/named'))).content, 'other');
  assert.equal((await front.ask(get('/ignored'))).content, 'not this');
});

test('proxy_intercept_errors shows the error page in place of the response', async (t) => {
  const upstream = await upstreamFor(
    t,
    answering(() => response(404, 'theirs')),
  );
  const to = `http://127.0.0.1:${upstream.port}`;
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080; root .; error_page 404 /ours.html;
      location = /ours.html { }
      location /off { proxy_pass ${to}; }
      location /on { proxy_pass ${to}; proxy_intercept_errors on; }
    }`,
    { files: { 'ours.html': 'ours' } },
  );
  const off = await front.ask(get('/off'));
  assert.deepEqual([off.status, off.content], [404, 'theirs']);
  const on = await front.ask(get('/on'));
  assert.deepEqual([on.status, on.content], [404, 'ours']);
});

test('an error page is shown while the upstream is down', async (t) => {
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080; root .; error_page 502 504 /down.html;
      location = /down.html { }
      location / { proxy_pass http://unix:none.sock; } }`,
    { files: { 'down.html': 'back soon' } },
  );
  const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc';
  for (const request of [get('/'), post]) {
    const answer = await front.ask(request);
    assert.deepEqual([answer.status, answer.content], [502, 'back soon']);
  }
});

test('responses without content leave the connection in step', async (t) => {
  const upstream = await upstreamFor(
    t,
    answering((request) => {
      if (request.startsWith('HEAD')) return 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n';
      if (request.startsWith('GET /204')) return 'HTTP/1.1 204 No Content\r\n\r\n';
      if (request.startsWith('GET /304')) return 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n';
      if (request.startsWith('GET /100')) {
        return `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n${response(200, 'x')}`;
      }
      return response(200, 'plain');
    }),
  );
  const front = await proxyFor(
    t,
    `upstream app { server 127.0.0.1:${upstream.port}; }
    server { listen 127.0.0.1:8080; location / { proxy_pass http://app; } }`,
  );
  const head = await front.ask('HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  assert.deepEqual([head.status, field(head, 'content-length')], [200, '10']);
  assert.equal((await front.ask(get('/204'))).status, 204);
  const unchanged = await front.ask(get('/304', 'If-None-Match: "a"'));
  assert.deepEqual([unchanged.status, field(unchanged, 'etag')], [304, '"a"']);
  assert.equal((await front.ask(get('/100'))).content, 'x');
  assert.equal((await front.ask(get('/'))).content, 'plain');
  // After HEAD an upstream may still send content, so that connection carried nothing else.
  assert.deepEqual(
    upstream.received.map((text) =>
      [...text.matchAll(/^(\w+ \S+) HTTP/gm)].map(([, line]) => line),
    ),
    [['HEAD /'], ['GET /204', 'GET /304', 'GET /100', 'GET /']],
  );
});

// nginx: `disable_not_modified`, and `allow_ranges` is for files alone.
test('conditions and ranges are for the upstream to judge', async (t) => {
  const upstream = await upstreamFor(
    t,
    answering(() =>
      response(200, '0123456789', 'ETag: "a"', 'Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT'),
    ),
  );
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:${upstream.port}; } }`,
  );
  for (const line of [
    'If-None-Match: "a"',
    'If-Match: "b"',
    'If-Unmodified-Since: Mon, 01 Jan 2020 00:00:00 GMT',
    'If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT',
    'Range: bytes=0-1',
  ]) {
    const answer = await front.ask(get('/', line));
    assert.deepEqual([answer.status, answer.content], [200, '0123456789'], line);
  }
});
