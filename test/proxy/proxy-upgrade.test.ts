import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RawClient } from '../harness/raw-client.ts';
import { PATIENCE_MS } from '../harness/until.ts';
import { proxyFor, type UpstreamConnection, upstreamFor } from './upstream-servers.ts';

const UPGRADE = `proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";`;
const ASK = 'GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: k\r\n\r\n';

/** Collects what comes to a client and waits for it. */
class Listener {
  text = '';
  isEnded = false;
  #wake: (() => void) | undefined = undefined;

  constructor(client: RawClient) {
    client.socket.on('data', (piece: string) => {
      this.text += piece;
      this.#wake?.();
    });
    client.socket.on('end', () => {
      this.isEnded = true;
      this.#wake?.();
    });
  }

  async until(isEnough: () => boolean): Promise<void> {
    while (!isEnough()) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`got ${this.text.slice(0, 300)}`)),
          PATIENCE_MS,
        );
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

test('an upgrade joins client and upstream until one of them ends', async (t) => {
  let connection: UpstreamConnection | undefined;
  const upstream = await upstreamFor(t, (each) => {
    connection = each;
    let isOpen = false;
    each.onData((received) => {
      if (!isOpen && received.includes('\r\n\r\n')) {
        isOpen = true;
        each.send(`${SWITCH}early`);
      } else if (received.endsWith('ping')) each.send('pong');
    });
  });
  const front = await proxyFor(
    t,
    `log_format s '$status $upstream_status'; access_log s.log s;
    server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:${upstream.port}; ${UPGRADE} } }`,
  );
  const client = await RawClient.connect(front.port());
  t.after(() => client.destroy());
  const listener = new Listener(client);
  client.send(`${ASK}first`);
  await listener.until(() => listener.text.endsWith('early'));
  assert.match(listener.text, /^HTTP\/1\.1 101 Switching Protocols\r\nServer: /);
  assert.match(listener.text, /\r\nUpgrade: websocket\r\n/);
  assert.match(listener.text, /\r\nConnection: upgrade\r\n/);
  assert.match(listener.text, /\r\nSec-WebSocket-Accept: k\r\n/);
  assert.match(connection!.received, /\r\nUpgrade: websocket\r\nConnection: upgrade\r\n/);
  client.send('ping');
  await listener.until(() => listener.text.endsWith('pong'));
  assert.ok(connection!.received.endsWith('\r\n\r\nfirstping'));
  connection!.socket.end('bye');
  await listener.until(() => listener.isEnded);
  assert.ok(listener.text.endsWith('pongbye'));
  client.destroy();
  assert.deepEqual(await front.lines('s.log', 1), ['101 101']);
});

test('a refused upgrade is passed on as the response it is', async (t) => {
  const upstream = await upstreamFor(t, (each) => {
    each.onData(() => each.send('HTTP/1.1 400 Bad\r\nContent-Length: 2\r\n\r\nno'));
  });
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:${upstream.port}; ${UPGRADE} } }`,
  );
  const answer = await front.ask(ASK);
  assert.deepEqual([answer.status, answer.content], [400, 'no']);
});

test('a 101 that nobody asked for is a 502', async (t) => {
  const upstream = await upstreamFor(t, (each) => {
    each.onData(() => each.send(SWITCH));
  });
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:${upstream.port}; } }`,
  );
  assert.equal((await front.ask('GET / HTTP/1.1\r\nHost: a\r\n\r\n')).status, 502);
});

test('two tunnels with slow readers never mix their bytes', async (t) => {
  const size = 8 * 1024 * 1024;
  const upstream = await upstreamFor(t, (each) => {
    let isOpen = false;
    each.onData((received) => {
      if (isOpen) return;
      isOpen = true;
      const letter = received.startsWith('GET /a') ? 'a' : 'b';
      each.send(SWITCH);
      each.send(letter.repeat(size));
    });
  });
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:${upstream.port}; ${UPGRADE} } }`,
  );
  const readers = await Promise.all(
    ['a', 'b'].map(async (letter) => {
      const client = await RawClient.connect(front.port());
      t.after(() => client.destroy());
      const listener = new Listener(client);
      client.send(ASK.replace('/ws', `/${letter}`));
      await listener.until(() => listener.text.includes('\r\n\r\n'));
      client.socket.pause();
      return { client, listener, letter };
    }),
  );
  for (const { client } of readers) client.socket.resume();
  for (const { listener, letter } of readers) {
    const content = (): string => listener.text.slice(listener.text.indexOf('\r\n\r\n') + 4);
    await listener.until(() => content().length === size);
    assert.ok(content() === letter.repeat(size), `only ${letter} came`);
  }
});

test('a silent tunnel is closed after proxy_read_timeout', async (t) => {
  const upstream = await upstreamFor(t, (each) => {
    each.onData((received) => {
      if (received.endsWith('\r\n\r\n')) each.send(SWITCH);
    });
  });
  const front = await proxyFor(
    t,
    `server { listen 127.0.0.1:8080; location / { proxy_pass http://127.0.0.1:${upstream.port}; ${UPGRADE}
      proxy_read_timeout 300ms; } }`,
  );
  const client = await RawClient.connect(front.port());
  t.after(() => client.destroy());
  client.send(ASK);
  assert.match(await client.rest(), /^HTTP\/1\.1 101 /);
  await front.says(
    'error.log',
    /upstream timed out \(110: Connection timed out\) while proxying upgraded connection/,
  );
});
