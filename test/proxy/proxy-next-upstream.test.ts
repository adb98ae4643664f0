import assert from 'node:assert/strict';
import { test } from 'node:test';
import { get } from '../harness/raw-client.ts';
import { answering, proxyFor, response, upstreamFor } from './upstream-servers.ts';

const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc';

test('a peer that refuses is passed over, and the client hears of the next one only', async (t) => {
  const upstream = await upstreamFor(
    t,
    answering(() => response(200, 'from b')),
  );
  const front = await proxyFor(
    t,
    `upstream app { server 127.0.0.1:1; server 127.0.0.1:${upstream.port}; }
    server { listen 127.0.0.1:8080; location / { proxy_pass http://app; } }`,
  );
  const answers = await Promise.all([front.ask(get('/')), front.ask(get('/')), front.ask(POST)]);
  assert.deepEqual(
    answers.map(({ content }) => content),
    ['from b', 'from b', 'from b'],
  );
  await front.says(
    'error.log',
    /\[error\] .* connect\(\) failed \(111: Connection refused\) while connecting to upstream, client: 127\.0\.0\.1, server: , request: "GET \/ HTTP\/1\.1", upstream: "http:\/\/127\.0\.0\.1:1\/", host: "localhost"/,
  );
  await front.says('error.log', /\[warn\] .* upstream server temporarily disabled/);
});

test('a POST that may have reached a peer is never sent twice', async (t) => {
  const upstream = await upstreamFor(
    t,
    answering(() => undefined),
  );
  const server = `server 127.0.0.1:${upstream.port} max_fails=0;`;
  const front = await proxyFor(
    t,
    `upstream app { ${server} ${server} }
    server { listen 127.0.0.1:8080;
      location / { proxy_pass http://app; }
      location /again { proxy_pass http://app; proxy_next_upstream error non_idempotent; }
    }`,
  );
  assert.equal((await front.ask(POST)).status, 502);
  assert.equal(upstream.connections.length, 1);
  assert.equal((await front.ask(get('/'))).status, 502);
  assert.equal(upstream.connections.length, 3, 'a GET is sent to both');
  assert.equal((await front.ask(POST.replace(' / ', ' /again '))).status, 502);
  assert.equal(upstream.connections.length, 5, 'a POST too, where the file says so');
  await front.says(
    'error.log',
    /upstream prematurely closed connection while reading response header from upstream/,
  );
});

test('a kept connection that the peer closed meanwhile is replaced for a GET, not for a POST', async (t) => {
  // The peer answers once and resets the connection when the next request arrives.
  const upstream = await upstreamFor(t, (connection) => {
    let isUsed = false;
    connection.onData(() => {
      if (isUsed) connection.socket.resetAndDestroy();
      else connection.send(response(200, `c${connection.serial}`));
      isUsed = true;
    });
  });
  const front = await proxyFor(
    t,
    `upstream app { server 127.0.0.1:${upstream.port}; }
    server { listen 127.0.0.1:8080; location / { proxy_pass http://app; } }`,
  );
  assert.equal((await front.ask(get('/'))).content, 'c1');
  assert.equal((await front.ask(get('/'))).content, 'c2');
  assert.equal((await front.ask(POST)).status, 502);
  assert.equal(upstream.connections.length, 2, 'the POST went over the kept connection alone');
  assert.equal((await front.ask(POST)).content, 'c3');
});

test('statuses named go to the next peer, and the last one is answered', async (t) => {
  const status = { a: 503, b: 404 };
  const a = await upstreamFor(
    t,
    answering(() => response(status.a, 'a')),
  );
  const b = await upstreamFor(
    t,
    answering(() => response(status.b, 'b')),
  );
  const front = await proxyFor(
    t,
    `upstream app { server 127.0.0.1:${a.port} max_fails=0; server 127.0.0.1:${b.port} max_fails=0; }
    server { listen 127.0.0.1:8080;
      location / { proxy_pass http://app; proxy_next_upstream http_503 http_404; }
      location /one { proxy_pass http://app; proxy_next_upstream http_503; proxy_next_upstream_tries 1; }
      location /off { proxy_pass http://app; proxy_next_upstream off; }
    }`,
  );
  const first = await front.ask(get('/'));
  assert.deepEqual([first.status, first.content], [404, 'b']);
  const second = await front.ask(get('/'));
  assert.deepEqual([second.status, second.content], [503, 'a'], 'b, then a');
  assert.equal(a.connections.length + b.connections.length, 3);
  const one = [await front.ask(get('/one')), await front.ask(get('/one'))];
  assert.deepEqual(one.map((answer) => answer.status).sort(), [404, 503]);
  const off = [await front.ask(get('/off')), await front.ask(get('/off'))];
  assert.deepEqual(off.map((answer) => answer.status).sort(), [404, 503]);
});

test('with no peer left the answer is 502 and the log says so', async (t) => {
  const front = await proxyFor(
    t,
    `upstream app { server 127.0.0.1:1; server 127.0.0.1:2 down; }
    server { listen 127.0.0.1:8080; location / { proxy_pass http://app; } }`,
  );
  assert.equal((await front.ask(get('/'))).status, 502);
  assert.equal((await front.ask(get('/'))).status, 502);
  await front.says(
    'error.log',
    /no live upstreams while connecting to upstream, client: .*, upstream: "http:\/\/app\/"/,
  );
});

test('a response that breaks the rules is a 502, one that is late a 504', async (t) => {
  const upstream = await upstreamFor(
    t,
    answering((request) => {
      if (request.startsWith('GET /late')) return '';
      if (request.startsWith('GET /big'))
        return `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(5000)}\r\n\r\n`;
      return 'HTTP/1.1 200 OK\r\nBad Field: 1\r\n\r\n';
    }),
  );
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080; proxy_read_timeout 200ms;
      location / { proxy_pass http://127.0.0.1:${upstream.port}; } }`,
  );
  assert.equal((await front.ask(get('/bad'))).status, 502);
  assert.equal((await front.ask(get('/big'))).status, 502);
  assert.equal((await front.ask(get('/late'))).status, 504);
  for (const said of [
    /upstream sent invalid header.* while reading response header from upstream/,
    /upstream sent too big header while reading response header from upstream/,
    /upstream timed out \(110: Connection timed out\) while reading response header from upstream/,
  ]) {
    await front.says('error.log', said);
  }
});

test('a missing Unix socket is told by its path', async (t) => {
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080; location / { proxy_pass http://unix:run/none.sock:/x/; } }`,
  );
  assert.equal((await front.ask(get('/a'))).status, 502);
  await front.says(
    'error.log',
    /\[crit\] .* connect\(\) to unix:run\/none\.sock failed \(2: No such file or directory\) while connecting to upstream, .*upstream: "http:\/\/unix:run\/none\.sock:\/x\/a"/,
  );
});
