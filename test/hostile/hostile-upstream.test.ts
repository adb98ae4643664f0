/** What an application that is broken or taken over sends cannot answer another client's request. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { get, RawClient } from '../harness/raw-client.ts';
import { answering, proxyFor, response, upstreamFor } from '../proxy/upstream-servers.ts';
import { growthDuring, MB, workerPid } from './memory.ts';

const EVIL = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL';

/** Answers to `/bad`; each would put EVIL or a field before the next client. */
const POISONED: Readonly<Record<string, string>> = {
  'two responses': response(200, 'fine') + EVIL,
  'content beyond its length': `HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine${EVIL}`,
  'content of a 204': `HTTP/1.1 204 No Content\r\n\r\n${EVIL}`,
  'content of a 304': `HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n${EVIL}`,
  'chunks and then more': `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n${EVIL}`,
  'both length and chunks': `HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${EVIL}`,
  'two lengths': `HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nfine${EVIL}`,
  'a length with a sign': `HTTP/1.1 200 OK\r\nContent-Length: +4\r\n\r\nfine${EVIL}`,
  'a switch nobody asked for': `HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n${EVIL}`,
  'bare CR in a value': `HTTP/1.1 200 OK\r\nX: a\rX-Split: b\r\nContent-Length: 4\r\n\r\nfine`,
  'NUL in a value': 'HTTP/1.1 200 OK\r\nX: a\0X-Split: b\r\nContent-Length: 4\r\n\r\nfine',
  'a folded value': 'HTTP/1.1 200 OK\r\nX: a\r\n X-Split: b\r\nContent-Length: 4\r\n\r\nfine',
  'a line without a colon': 'HTTP/1.1 200 OK\r\nX-Split\r\nContent-Length: 4\r\n\r\nfine',
  'no head': 'EVIL EVIL\r\n\r\n',
};

const HTTP = (port: number): string => `
upstream app { server 127.0.0.1:${port} max_fails=0; keepalive 4; }
server { listen 127.0.0.1:8080; proxy_http_version 1.1; proxy_set_header Connection "";
  location / { proxy_pass http://app; } }`;

test("bytes beyond a response are nobody else's response", async (t) => {
  let bad = '';
  const upstream = await upstreamFor(
    t,
    answering((request) => (request.includes('/bad ') ? bad : response(200, 'good'))),
  );
  const front = await proxyFor(t, HTTP(upstream.port));
  for (const [name, bytes] of Object.entries(POISONED)) {
    bad = bytes;
    const victim = await RawClient.connect(front.port());
    try {
      const first = await RawClient.connect(front.port());
      first.send(get('/bad'));
      const seen = await first.rest();
      first.destroy();
      assert.doesNotMatch(seen, /[\r\n]X-Split/, name);
      victim.send('GET /good HTTP/1.1\r\nHost: a\r\n\r\n');
      assert.equal((await victim.response()).content, 'good', name);
      victim.send('GET /good HTTP/1.1\r\nHost: a\r\n\r\n');
      assert.equal((await victim.response()).content, 'good', name);
    } finally {
      victim.destroy();
    }
  }
});

for (const [name, piece] of [
  ['a head', 'X: y\r\n'],
  ['a field', 'x'],
  ['informational responses', '\r\nHTTP/1.1 103 Early Hints\r\nX: y\r\n'],
] as const) {
  test(`${name} without end from an upstream costs bounded memory, and gets 502`, async (t) => {
    const upstream = await upstreamFor(t, (connection) => {
      connection.onData(() => {
        connection.send('HTTP/1.1 103 Early Hints\r\nA: ');
        for (let i = 0; i < 256; i++)
          connection.send(piece.repeat(Math.ceil(65_536 / piece.length)));
      });
    });
    const front = await proxyFor(
      t,
      HTTP(upstream.port).replace('location', 'proxy_read_timeout 2s; location'),
    );
    const growth = await growthDuring(workerPid(front), async () => {
      const { status } = await front.ask(get('/'));
      assert.ok(status === 502 || status === 504, String(status));
    });
    assert.ok(growth < 64 * MB, `grew by ${growth}`);
  });
}

test('an upstream that takes no content ends by proxy_send_timeout', async (t) => {
  const upstream = await upstreamFor(t, (connection) => connection.socket.pause());
  const limits = 'client_max_body_size 0; proxy_send_timeout 500ms; proxy_request_buffering off;';
  const front = await proxyFor(t, HTTP(upstream.port).replace('location', `${limits} location`));
  const client = await RawClient.connect(front.port());
  t.after(() => client.destroy());
  const growth = await growthDuring(workerPid(front), async () => {
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${32 * MB}\r\n\r\n`);
    client.send('x'.repeat(32 * MB));
    assert.equal((await client.response()).status, 504);
  });
  assert.ok(growth < 64 * MB, `grew by ${growth}`);
});
