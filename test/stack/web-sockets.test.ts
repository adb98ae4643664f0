/** WebSockets of a fetch application through both tiers, with the package ws on both ends. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { WebSocket } from 'ws';
import { RawClient } from '../harness/raw-client.ts';
import { type BothTiers, startBothTiers } from './both-tiers.ts';

const APP = `
import { WebSocketServer } from 'ws';

const sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 * 1024 });

export function startup({ stopping }) {
  stopping.addEventListener('abort', () => {
    for (const socket of sockets.clients) socket.close(1001);
  });
}

export default {
  fetch(request, gateway) {
    const { pathname } = new URL(request.url);
    const offer = gateway.upgrade();
    if (offer === undefined) {
      const headers = { upgrade: 'websocket' };
      return new Response('a WebSocket, please', { status: 426, headers });
    }
    if (pathname === '/refused') {
      offer.socket.end('HTTP/1.1 401 Unauthorized\\r\\nWWW-Authenticate: Basic\\r\\n\\r\\nno');
      return new Response(null);
    }
    sockets.handleUpgrade(offer.request, offer.socket, offer.head, (socket) => {
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
      socket.on('close', (code) => console.error('app: closed ' + code));
      socket.send('hello ' + gateway.clientAddress);
    });
    return new Response(null);
  },
};`;

/** A connected client that has heard the greeting. */
async function connect(t: TestContext, { front }: BothTiers, path = '/'): Promise<WebSocket> {
  const client = new WebSocket(`ws://127.0.0.1:${front.port()}${path}`);
  t.after(() => client.terminate());
  const [greeting] = await once(client, 'message');
  assert.equal(String(greeting), 'hello 127.0.0.1');
  return client;
}

test('a WebSocket carries text and bytes both ways', async (t) => {
  const client = await connect(t, await startBothTiers(t, APP));
  client.send('h\u00e9llo');
  const [text, isBinary] = await once(client, 'message');
  assert.deepEqual([String(text), isBinary], ['h\u00e9llo', false]);
  client.send(Buffer.from([0, 255, 13, 10]));
  assert.deepEqual(await once(client, 'message'), [Buffer.from([0, 255, 13, 10]), true]);
  client.close(1000, 'done');
  const [code, reason] = await once(client, 'close');
  assert.deepEqual([code, String(reason)], [1000, 'done']);
});

test('two clients that read slowly get their own large messages whole', async (t) => {
  const both = await startBothTiers(t, APP);
  const messages = 6;
  await Promise.all(
    ['a', 'b'].map(async (letter) => {
      const client = await connect(t, both);
      const content = Buffer.alloc(3_000_000, letter);
      for (let sent = 0; sent < messages; sent += 1) client.send(content);
      for (let heard = 0; heard < messages; heard += 1) {
        const [data] = await once(client, 'message');
        assert.ok(content.equals(data as Buffer), `message ${heard} of ${letter}`);
        client.pause();
        await new Promise((resolve) => setImmediate(resolve));
        client.resume();
      }
    }),
  );
});

test('a handshake that the application refuses is an ordinary response', async (t) => {
  const both = await startBothTiers(t, APP);
  const client = new WebSocket(`ws://127.0.0.1:${both.front.port()}/refused`);
  const [, response] = await once(client, 'unexpected-response');
  assert.equal(response.statusCode, 401);
  assert.equal(response.headers['www-authenticate'], 'Basic');
  let content = '';
  for await (const piece of response) content += piece;
  assert.equal(content, 'no');
});

test('a handshake that ws refuses is an ordinary response', async (t) => {
  const { front } = await startBothTiers(t, APP);
  const client = await RawClient.connect(front.port());
  t.after(() => client.destroy());
  client.send('GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  const { status, content } = await client.response();
  assert.equal(status, 400);
  assert.match(content, /Sec-WebSocket-Key/);
});

test('a client that vanishes is closed at the application', async (t) => {
  const both = await startBothTiers(t, APP);
  const client = await connect(t, both);
  client.terminate();
  await both.pool.sees(/app: closed 1006/);
});

test('a WebSocket that is silent for proxy_read_timeout is closed on both sides', async (t) => {
  const both = await startBothTiers(t, APP, { directives: 'proxy_read_timeout 300ms;' });
  const client = await connect(t, both);
  const [code] = await once(client, 'close');
  assert.equal(code, 1006);
  await both.pool.sees(/app: closed 1006/);
});

test('a pool that stops lets the application say goodbye, and does not wait', async (t) => {
  const both = await startBothTiers(t, APP, { args: ['--graceful-timeout', '600'] });
  const client = await connect(t, both);
  both.pool.signal('SIGTERM');
  const [code] = await once(client, 'close');
  assert.equal(code, 1001);
  assert.equal(await both.pool.exited, 0);
});

test('a reload closes the WebSockets of the old worker and takes new ones', async (t) => {
  const both = await startBothTiers(t, APP, { args: ['--graceful-timeout', '600'] });
  const client = await connect(t, both);
  both.pool.signal('SIGHUP');
  const [code] = await once(client, 'close');
  assert.equal(code, 1001);
  await both.pool.sees(/Worker exiting/);
  const next = await connect(t, both);
  next.send('again');
  assert.equal(String((await once(next, 'message'))[0]), 'again');
});
