/**
 * A kept connection may be closed by the upstream just as a request is sent over it. nginx sends such a
 * request again, on a new connection, where that does no harm.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { get } from '../harness/raw-client.ts';
import { proxyFor, response, type Script, upstreamFor } from './upstream-servers.ts';

/** Answers the first request of each connection, and ends it with these bytes at the second. */
const leaving =
  (lastBytes: string): Script =>
  (connection) => {
    let count = 0;
    let handled = 0;
    connection.onData((received) => {
      const end = received.indexOf('\r\n\r\n', handled);
      if (end === -1) return;
      handled = received.length;
      if (++count === 1) connection.send(response(200, `c${connection.serial}`));
      else connection.socket.end(lastBytes, 'latin1');
    });
  };

const request = (method: string, path: string): string =>
  get(path).replace('GET', method).replace('\r\n\r\n', '\r\nContent-Length: 0\r\n\r\n');

const TAILS = {
  'without a byte': '',
  'inside the status line': 'HTTP/1.1 20',
  'inside the head': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n',
  'after an informational response': 'HTTP/1.1 100 Continue\r\n\r\n',
} as const;

for (const [name, tail] of Object.entries(TAILS)) {
  test(`a kept connection that ends ${name} is tried again on a new one`, async (t) => {
    const upstream = await upstreamFor(t, leaving(tail));
    const front = await proxyFor(
      t,
      `upstream app { server 127.0.0.1:${upstream.port}; }
      server { listen 127.0.0.1:8080; proxy_next_upstream_tries 1;
        location / { proxy_pass http://app; }
        location /off { proxy_pass http://app; proxy_next_upstream off; }
        location /any { proxy_pass http://app; proxy_next_upstream error non_idempotent; }
      }`,
    );
    let serial = 0;
    for (const method of ['GET', 'PUT', 'DELETE']) {
      assert.equal((await front.ask(request(method, '/'))).content, `c${++serial}`);
      assert.equal((await front.ask(request(method, '/'))).content, `c${++serial}`);
      // The connection of the second answer is kept; its next request ends it.
      const { status } = await front.ask(request('POST', '/'));
      assert.equal(status, 502);
    }
    assert.equal((await front.ask(request('GET', '/off'))).status, 200);
    assert.equal((await front.ask(request('GET', '/off'))).status, 502);
    assert.equal((await front.ask(request('POST', '/any'))).status, 200);
    assert.equal((await front.ask(request('POST', '/any'))).status, 200);
  });
}

test('a new connection that ends inside the head is not tried again', async (t) => {
  const upstream = await upstreamFor(t, (connection) => {
    connection.onData(() => connection.socket.end('HTTP/1.1 200 OK\r\nConte'));
  });
  const front = await proxyFor(
    t,
    `upstream app { server 127.0.0.1:${upstream.port}; }
    server { listen 127.0.0.1:8080; location / { proxy_pass http://app; } }`,
  );
  assert.equal((await front.ask(get('/'))).status, 502);
  assert.equal(upstream.connections.length, 1);
});
