import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { get, RawClient } from '../harness/raw-client.ts';
import { PATIENCE_MS } from '../harness/until.ts';
import {
  answering,
  proxyFor,
  response,
  type UpstreamConnection,
  upstreamFor,
} from './upstream-servers.ts';

/** Answers with the framing fields and the length and sum of the content. */
const measure = answering((request) => {
  const at = request.indexOf('\r\n\r\n') + 4;
  const framing = /^(content-length|transfer-encoding): .*$/im.exec(request)?.[0] ?? 'none';
  return response(200, `${framing} ${sum(request.slice(at))}`);
});

function sum(text: string): string {
  let total = 0;
  for (let i = 0; i < text.length; i++) total = (total * 31 + text.charCodeAt(i)) % 1_000_003;
  return `${text.length}/${total}`;
}

function pattern(length: number): string {
  return Array.from({ length }, (_, i) => String.fromCharCode(i % 251)).join('');
}

function post(path: string, content: string, ...lines: readonly string[]): string {
  const fields = [`POST ${path} HTTP/1.1`, 'Host: a', `Content-Length: ${content.length}`];
  return `${[...fields, ...lines, 'Connection: close'].join('\r\n')}\r\n\r\n${content}`;
}

function chunked(path: string, ...chunks: readonly string[]): string {
  const body = chunks.map((each) => `${each.length.toString(16)}\r\n${each}\r\n`).join('');
  const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close`;
  return `${head}\r\n\r\n${body}0\r\n\r\n`;
}

test('content is passed on whole, from memory and from a file, whatever its framing', async (t) => {
  const upstream = await upstreamFor(t, measure);
  const front = await proxyFor(
    t,
    `client_body_temp_path bodies; client_body_buffer_size 8k; client_max_body_size 4m;
    server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:${upstream.port}; }
      location /stream { proxy_pass http://127.0.0.1:${upstream.port}; proxy_request_buffering off; }
      location /old { proxy_pass http://127.0.0.1:${upstream.port}; proxy_request_buffering off; proxy_http_version 1.0; }
    }`,
  );
  for (const size of [1, 100, 8191, 8192, 8193, 300_000]) {
    const content = pattern(size);
    const expected = `Content-Length: ${size} ${sum(content)}`;
    assert.equal((await front.ask(post('/', content))).content, expected);
    assert.equal((await front.ask(post('/stream', content))).content, expected);
    const parts = [content.slice(0, size >> 1), content.slice(size >> 1)].filter((x) => x !== '');
    assert.equal((await front.ask(chunked('/', ...parts))).content, expected, 'buffered chunks');
    assert.equal((await front.ask(chunked('/old', ...parts))).content, expected, 'HTTP/1.0');
  }
  // nginx knows the length of content that came whole with its head, and says it.
  assert.equal(
    (await front.ask(chunked('/stream', 'abc'))).content,
    `Content-Length: 3 ${sum('abc')}`,
  );
  assert.match(
    (await front.ask(chunked('/stream', pattern(20_000)))).content,
    /^Transfer-Encoding: chunked /,
  );
  assert.equal((await front.ask(post('/', ''))).content, `Content-Length: 0 ${sum('')}`);
  assert.equal((await front.ask(get('/'))).content, `none ${sum('')}`);
  // Files go with their requests; the last one's may be under way.
  for (let tries = 0; tries < 100 && files(front.folder).length > 0; tries++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(files(front.folder), []);
});

function files(folder: string): string[] {
  return readdirSync(`${folder}/bodies`);
}

test('content that is too large is answered 413, announced or chunked', async (t) => {
  const upstream = await upstreamFor(t, measure);
  const front = await proxyFor(
    t,
    `client_body_temp_path bodies; client_max_body_size 10;
    server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:${upstream.port}; }
      location /stream { proxy_pass http://127.0.0.1:${upstream.port}; proxy_request_buffering off; } }`,
  );
  assert.equal((await front.ask(post('/', '12345678901'))).status, 413);
  assert.equal((await front.ask(chunked('/', '123456', '78901'))).status, 413);
  assert.equal((await front.ask(chunked('/stream', '123456', '78901'))).status, 413);
  assert.equal((await front.ask(chunked('/', '123456', '7890'))).status, 200);
});

test('nothing is sent to the upstream before buffered content is whole', async (t) => {
  const upstream = await upstreamFor(t, measure);
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:${upstream.port}; }
      location /stream { proxy_pass http://127.0.0.1:${upstream.port}; proxy_request_buffering off; } }`,
  );
  const client = await RawClient.connect(front.port());
  t.after(() => client.destroy());
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc');
  assert.equal((await front.ask(post('/stream', 'x'))).status, 200);
  assert.equal(upstream.connections.length, 1, 'only the other request arrived');
  client.send('def');
  assert.equal((await client.response()).content, `Content-Length: 6 ${sum('abcdef')}`);
});

test('Expect: 100-continue is answered here and not passed on', async (t) => {
  const upstream = await upstreamFor(t, measure);
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:${upstream.port}; } }`,
  );
  const client = await RawClient.connect(front.port());
  t.after(() => client.destroy());
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n');
  assert.equal((await client.response()).status, 100);
  client.send('abc');
  assert.equal((await client.response()).status, 200);
  assert.doesNotMatch(upstream.received[0]!, /expect/i);
});

test('a response that comes before the content is whole ends the request', async (t) => {
  const upstream = await upstreamFor(t, (connection) => {
    let isAnswered = false;
    connection.onData((received) => {
      if (isAnswered || !received.includes('abc')) return;
      isAnswered = true;
      connection.send(response(409, 'enough'));
    });
  });
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:${upstream.port};
      proxy_request_buffering off; } }`,
  );
  const client = await RawClient.connect(front.port());
  t.after(() => client.destroy());
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc');
  const answer = await client.response();
  assert.deepEqual([answer.status, answer.content], [409, 'enough']);
  // The connection is in step still: the rest of the content is not taken for a request.
  client.send('d'.repeat(97));
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc');
  assert.equal((await client.response()).status, 409);
  assert.equal(upstream.connections.length, 2, 'a half-sent request ends its connection');
});

test('large responses arrive whole by length, in chunks and up to the close', async (t) => {
  const content = pattern(700_000);
  const upstream = await upstreamFor(t, (connection) => {
    connection.onData((received) => {
      if (!received.includes('\r\n\r\n')) return;
      if (received.startsWith('GET /length')) connection.send(response(200, content));
      else if (received.startsWith('GET /chunks')) {
        connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
        for (let at = 0; at < content.length; at += 50_000) {
          const chunk = content.slice(at, at + 50_000);
          connection.send(`${chunk.length.toString(16)}\r\n${chunk}\r\n`);
        }
        connection.send('0\r\n\r\n');
      } else {
        connection.send(`HTTP/1.0 200 OK\r\n\r\n${content}`);
        connection.socket.end();
      }
    });
  });
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:${upstream.port}; } }`,
  );
  for (const path of ['/length', '/chunks', '/close']) {
    const answer = await front.ask(get(path));
    assert.equal(sum(answer.content), sum(content), path);
  }
});

test('what the upstream sends reaches the client at once, buffering or not', async (t) => {
  let connection: UpstreamConnection | undefined;
  const upstream = await upstreamFor(t, (each) => {
    connection = each;
    each.onData(() => each.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'));
  });
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:${upstream.port}; }
      location /off { proxy_pass http://127.0.0.1:${upstream.port}; proxy_buffering off; } }`,
  );
  for (const path of ['/', '/off']) {
    const client = await RawClient.connect(front.port());
    t.after(() => client.destroy());
    client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await receives(client, /200 OK[\s\S]*chunked[\s\S]*\r\n\r\n$/);
    for (const event of ['data: one\n\n', 'data: two\n\n']) {
      connection!.send(event);
      await receives(client, new RegExp(`${event.trim()}\n\n\r\n$`));
    }
  }
});

/** Waits until what came to a client matches. */
async function receives(client: RawClient, wanted: RegExp): Promise<void> {
  let text = '';
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`got ${JSON.stringify(text)}`)), PATIENCE_MS);
    const look = (piece: string): void => {
      text += piece;
      if (!wanted.test(text)) return;
      clearTimeout(timer);
      client.socket.off('data', look);
      resolve();
    };
    client.socket.on('data', look);
  });
}

test('a slow client holds the upstream back', async (t) => {
  const piece = 'x'.repeat(65536);
  let sent = 0;
  let connection: UpstreamConnection | undefined;
  const upstream = await upstreamFor(t, (each) => {
    connection = each;
    each.onData(() => {
      each.send('HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n');
      const more = (): void => {
        while (sent < 67108864) {
          sent += piece.length;
          if (!each.socket.write(piece)) {
            each.socket.once('drain', more);
            return;
          }
        }
      };
      more();
    });
  });
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:${upstream.port}; } }`,
  );
  const client = await RawClient.connect(front.port());
  t.after(() => client.destroy());
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await receives(client, /\r\n\r\n/);
  client.socket.pause();
  // Wait until nothing moves any more: the buffers of the kernel and of the proxy are full.
  let before = -1;
  while (before !== sent) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  assert.ok(sent < 24 * 1024 * 1024, `${sent} bytes were taken for a client that reads nothing`);
  let received = 0;
  client.socket.on('data', (text: string) => {
    received += text.length;
  });
  client.socket.resume();
  while (received < 67108864 - 1024 * 1024) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(connection !== undefined);
});

test('a slow upstream holds the client back', async (t) => {
  const upstream = await upstreamFor(t, ({ socket }) => {
    socket.pause();
  });
  const front = await proxyFor(
    t,
    `client_max_body_size 0;
    server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:${upstream.port};
      proxy_request_buffering off; } }`,
  );
  const client = await RawClient.connect(front.port());
  t.after(() => client.destroy());
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 67108864\r\n\r\n');
  const piece = 'x'.repeat(65536);
  let taken = 0;
  const more = (): void => {
    do taken += piece.length;
    while (taken < 67108864 && client.socket.write(piece));
  };
  client.socket.on('drain', more);
  more();
  let before = -1;
  while (before !== taken) {
    before = taken;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  assert.ok(
    taken < 24 * 1024 * 1024,
    `${taken} bytes were taken for an upstream that reads nothing`,
  );
});

test('content that was read for one upstream is there for the one an error page leads to', async (t) => {
  const upstream = await upstreamFor(t, measure);
  const front = await proxyFor(
    t,
    `client_body_temp_path bodies; client_body_buffer_size 8k;
    server { listen 127.0.0.1:8080;
      location / { proxy_pass http://127.0.0.1:1; error_page 502 = @other; }
      location @other { proxy_pass http://127.0.0.1:${upstream.port}; }
    }`,
  );
  for (const size of [10, 8000, 100_000]) {
    const content = pattern(size);
    const answer = await front.ask(post('/', content));
    assert.equal(answer.content, `Content-Length: ${size} ${sum(content)}`);
  }
});

test('many uploads at once keep their own bytes', async (t) => {
  const upstream = await upstreamFor(t, measure);
  const front = await proxyFor(
    t,
    `upstream app { server 127.0.0.1:${upstream.port}; }
    server { listen 127.0.0.1:8080; location / { proxy_pass http://app; } }`,
  );
  for (let round = 0; round < 4; round++) {
    const contents = Array.from({ length: 12 }, (_, i) =>
      String.fromCharCode(65 + i).repeat(12_000),
    );
    const answers = await Promise.all(contents.map((content) => front.ask(post('/', content))));
    assert.deepEqual(
      answers.map((answer) => answer.content),
      contents.map((content) => `Content-Length: 12000 ${sum(content)}`),
    );
  }
});

/** How a client may leave while its answer is awaited. */
const LEAVINGS: readonly (readonly [how: string, leave: (client: RawClient) => void])[] = [
  ['resets its connection', (client) => client.socket.resetAndDestroy()],
  ['shuts its writing side, which nginx takes for leaving', (client) => client.socket.end()],
];

for (const [how, leave] of LEAVINGS) {
  test(`a client that ${how} takes the upstream connection with it`, async (t) => {
    const closed = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const upstream = await upstreamFor(t, (connection) => {
      connection.onData(() => asked.resolve());
      connection.socket.once('close', () => closed.resolve());
      connection.socket.once('end', () => connection.socket.end());
    });
    const front = await proxyFor(
      t,
      `log_format s '$status'; access_log s.log s;
      server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:${upstream.port}; } }`,
    );
    const client = await RawClient.connect(front.port());
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await asked.promise;
    leave(client);
    await closed.promise;
    assert.deepEqual(await front.lines('s.log', 1), ['499']);
    client.destroy();
  });
}

test('with proxy_ignore_client_abort the upstream is heard to its end', async (t) => {
  let connection: UpstreamConnection | undefined;
  const asked = Promise.withResolvers<void>();
  const upstream = await upstreamFor(t, (each) => {
    connection = each;
    each.onData(() => asked.resolve());
  });
  const front = await proxyFor(
    t,
    `log_format s '$status'; access_log s.log s;
    upstream app { server 127.0.0.1:${upstream.port}; }
    server { listen 127.0.0.1:8080;
      location / { proxy_pass http://app; proxy_ignore_client_abort on; } }`,
  );
  const client = await RawClient.connect(front.port());
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await asked.promise;
  client.socket.resetAndDestroy();
  assert.deepEqual(await front.lines('s.log', 1), ['499']);
  connection!.send(response(200, 'x'));
  // The connection was kept: the next request comes over it.
  const second = front.ask(get('/'));
  const both = new Promise<void>((resolve) => {
    connection!.onData((received) => {
      if (received.split('GET').length === 3) resolve();
    });
  });
  await both;
  connection!.send(response(200, 'second'));
  assert.equal((await second).content, 'second');
});

test('an upstream that breaks off ends the client connection, never a whole-looking response', async (t) => {
  const upstream = await upstreamFor(t, (connection) => {
    connection.onData((received) => {
      const isChunked = received.startsWith('GET /chunks');
      const framing = isChunked ? 'Transfer-Encoding: chunked' : 'Content-Length: 100';
      connection.send(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n${isChunked ? '3\r\nabc\r\n' : 'abc'}`);
      connection.socket.end();
    });
  });
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:${upstream.port}; } }`,
  );
  for (const path of ['/chunks', '/length']) {
    const client = await RawClient.connect(front.port());
    client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const all = await client.rest();
    client.destroy();
    assert.ok(!all.endsWith('0\r\n\r\n'), path);
  }
  await front.says('error.log', /upstream prematurely closed connection while reading upstream/);
});
