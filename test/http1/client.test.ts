// The client connection and its pool, against a peer that speaks raw bytes.
import assert from 'node:assert/strict';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import type { ClientConnection } from '../../http1/client-connection.ts';
import { ClientPool, KeepaliveCache } from '../../http1/client-pool.ts';
import type { ClientFailure, ResponseSink, TunnelOffer } from '../../http1/response-sink.ts';
import type { ResponseHead } from '../../wire/exchange.ts';
import { responseHeadLimits } from '../../wire/head.ts';
import { eventually, WRAPPERS } from './harness.ts';

const TIMES = { sendTimeoutMs: 5000, readTimeoutMs: 5000 };
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

class Noted implements ResponseSink {
  readonly notes: string[] = [];
  content = '';
  failure: ClientFailure | undefined = undefined;
  offer: ((offer: TunnelOffer) => void) | undefined = undefined;
  onData: (() => void) | undefined = undefined;
  readonly done: Promise<string>;
  #resolve: (notes: string) => void = () => {};

  constructor() {
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  informational(head: ResponseHead): void {
    this.notes.push(`${head.status}`);
  }

  head(head: ResponseHead): void {
    this.notes.push(`${head.status} ${head.reason}`);
  }

  data(bytes: Uint8Array, from: number, to: number, text: string | undefined): void {
    const decoded = Buffer.from(bytes.subarray(from, to)).toString('latin1');
    if (text !== undefined) assert.equal(text, decoded);
    this.content += decoded;
    this.onData?.();
  }

  end(trailers: readonly string[]): void {
    this.notes.push(`<${this.content.length > 40 ? this.content.length : this.content}>`);
    if (trailers.length > 0) this.notes.push(trailers.join('='));
    this.#resolve(this.notes.join(' '));
  }

  failed(failure: ClientFailure): void {
    this.failure = failure;
    this.notes.push(`${failure.kind}${failure.stale ? ' stale' : ''}`);
    this.#resolve(this.notes.join(' '));
  }

  drained(): void {
    this.notes.push('drained');
  }

  upgraded(head: ResponseHead, offer: TunnelOffer): void {
    this.notes.push(`upgraded ${head.status}`);
    this.offer?.(offer);
  }
}

function codeOf(noted: Noted): string | undefined {
  const cause: NodeJS.ErrnoException | undefined = noted.failure?.cause;
  return cause?.code;
}

interface Peer {
  readonly pool: ClientPool;
  readonly cache: KeepaliveCache;
  readonly sockets: net.Socket[];
}

/** A peer whose every read is given to `speak`. */
async function startPeer(
  t: TestContext,
  isPlain: boolean,
  speak: (socket: net.Socket, text: string) => void,
  limits: Partial<KeepaliveCache['limits']> = {},
): Promise<Peer> {
  const sockets: net.Socket[] = [];
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    socket.on('data', (data) => speak(socket, data.toString('latin1')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cache = new KeepaliveCache({
    connections: 2,
    requests: 1000,
    timeMs: 60_000,
    timeoutMs: 60_000,
    ...limits,
  });
  const pool = new ClientPool(
    { host: '127.0.0.1', port: (server.address() as net.AddressInfo).port },
    { headLimits: responseHeadLimits(), cache, isPlain },
  );
  t.after(() => {
    pool.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { pool, cache, sockets };
}

function ask(pool: ClientPool, method = 'GET', head = GET, length = 0): [ClientConnection, Noted] {
  const connection = pool.take(5000);
  const noted = new Noted();
  connection.start(noted, method, head, length, TIMES);
  return [connection, noted];
}

for (const { name, isPlain } of WRAPPERS) {
  test(`a kept connection is used again, the latest first (${name})`, async (t) => {
    const peer = await startPeer(t, isPlain, (s) =>
      s.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'),
    );
    const [a, first] = ask(peer.pool);
    const [b, second] = ask(peer.pool);
    assert.equal(await first.done, '200 OK <hi>');
    await second.done;
    assert.equal(peer.cache.idle, 2);
    const [c, third] = ask(peer.pool);
    assert.ok(c === a || c === b);
    await third.done;
    const [d, fourth] = ask(peer.pool);
    assert.equal(d, c, 'the one used last');
    await fourth.done;
    assert.equal(d.isReused, true);
    assert.equal(peer.pool.open, 2);
    assert.equal(peer.sockets.length, 2);
  });

  test(`the cache bounds how many are kept, for how many requests and how long (${name})`, async (t) => {
    const answer = (s: net.Socket) => s.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    const few = await startPeer(t, isPlain, answer, { connections: 1 });
    await Promise.all([ask(few.pool)[1].done, ask(few.pool)[1].done]);
    assert.equal(few.cache.idle, 1);
    assert.equal(few.pool.open, 1);
    const once = await startPeer(t, isPlain, answer, { requests: 1 });
    await ask(once.pool)[1].done;
    assert.equal(once.pool.open, 0);
    const old = await startPeer(t, isPlain, answer, { timeMs: 0 });
    await ask(old.pool)[1].done;
    assert.equal(old.pool.open, 0);
    const brief = await startPeer(t, isPlain, answer, { timeoutMs: 30 });
    await ask(brief.pool)[1].done;
    assert.equal(brief.cache.idle, 1);
    await eventually('idle for too long', () => brief.pool.open === 0 && brief.cache.idle === 0);
  });

  test(`a close while idle takes a connection out, and so do stray bytes (${name})`, async (t) => {
    const peer = await startPeer(t, isPlain, (s) =>
      s.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    );
    await ask(peer.pool)[1].done;
    peer.sockets[0]?.end();
    await eventually('closed', () => peer.cache.idle === 0 && peer.pool.open === 0);
    await ask(peer.pool)[1].done;
    peer.sockets[1]?.write('stray');
    await eventually('closed again', () => peer.cache.idle === 0 && peer.pool.open === 0);
  });

  test(`bytes after a complete response cost the connection, not the response (${name})`, async (t) => {
    const peer = await startPeer(t, isPlain, (s) =>
      s.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n\r\n'),
    );
    assert.equal(await ask(peer.pool)[1].done, '200 OK <hi>');
    assert.equal(peer.pool.open, 0);
  });

  test(`a kept connection that breaks before the first byte is stale (${name})`, async (t) => {
    let requests = 0;
    const peer = await startPeer(t, isPlain, (s) => {
      if (++requests === 1) s.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      else s.end();
    });
    await ask(peer.pool)[1].done;
    assert.equal(await ask(peer.pool)[1].done, 'premature-close stale');
    assert.equal(await ask(peer.pool)[1].done, 'premature-close', 'a fresh one is not stale');
  });

  test(`a kept connection that breaks inside the head is stale too (${name})`, async (t) => {
    let count = 0;
    const peer = await startPeer(t, isPlain, (socket) => {
      if (++count === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      else
        socket.end(
          count === 2 ? 'HTTP/1.1 200 OK\r\nContent-Le' : 'HTTP/1.1 100 Continue\r\n\r\nHT',
        );
    });
    assert.match(await ask(peer.pool)[1].done, /<ok>$/);
    assert.equal(await ask(peer.pool)[1].done, 'premature-close stale');
    assert.match(await ask(peer.pool)[1].done, /premature-close$/, 'a fresh one is not stale');
  });

  test(`a reset of a kept connection is stale too (${name})`, async (t) => {
    let requests = 0;
    const peer = await startPeer(t, isPlain, (s) => {
      if (++requests === 1) s.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      else s.resetAndDestroy();
    });
    await ask(peer.pool)[1].done;
    const [, noted] = ask(peer.pool);
    assert.equal(await noted.done, 'reset stale');
    assert.equal(codeOf(noted), 'ECONNRESET');
  });

  test(`responses may be cut at every byte (${name})`, async (t) => {
    const responses: [string, string][] = [
      ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', '200 OK <hello>'],
      [
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nA: b\r\n\r\n',
        '200 OK <abcde> A=b',
      ],
      [
        'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
        '103 204 No Content <>',
      ],
    ];
    for (const [response, expected] of responses) {
      for (let cut = 1; cut < response.length; cut++) {
        let more: (() => void) | undefined;
        const peer = await startPeer(t, isPlain, (s) => {
          s.write(response.slice(0, cut), 'latin1', () => setImmediate(() => more?.()));
          more = () => s.write(response.slice(cut), 'latin1');
        });
        assert.equal(await ask(peer.pool)[1].done, expected, `cut at ${cut}`);
        assert.equal(peer.cache.idle, 1);
        peer.pool.close();
      }
    }
  });

  test(`HEAD, 304 and close-delimited responses end where they should (${name})`, async (t) => {
    const peer = await startPeer(t, isPlain, (s, text) => {
      if (text.startsWith('HEAD')) s.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n');
      else if (text.includes('/304'))
        s.write('HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n');
      else s.end('HTTP/1.0 200 OK\r\n\r\nto the end');
    });
    assert.equal(await ask(peer.pool, 'HEAD', GET.replace('GET', 'HEAD'))[1].done, '200 OK <>');
    assert.equal(
      await ask(peer.pool, 'GET', GET.replace('/', '/304'))[1].done,
      '304 Not Modified <>',
    );
    assert.equal(await ask(peer.pool)[1].done, '200 OK <to the end>');
    assert.equal(peer.pool.open, 0);
  });

  test(`content that follows the answer to HEAD answers nobody (${name})`, async (t) => {
    const peer = await startPeer(t, isPlain, (s, text) => {
      if (text.startsWith('HEAD')) s.write('HTTP/1.1 200 OK\r\nContent-Length: 44\r\n\r\n');
      else {
        // As an application of Gunicorn's sends it, but only when the next request is here.
        if (s === peer.sockets[0]) s.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison');
        s.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine');
      }
    });
    assert.equal(await ask(peer.pool, 'HEAD', GET.replace('GET', 'HEAD'))[1].done, '200 OK <>');
    assert.equal(await ask(peer.pool)[1].done, '200 OK <fine>');
  });

  test(`a connection is kept after HEAD where no content can follow (${name})`, async (t) => {
    const peer = await startPeer(t, isPlain, (s) =>
      s.write('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'),
    );
    for (const method of ['HEAD', 'HEAD', 'GET']) {
      const [, noted] = ask(peer.pool, method, GET.replace('GET', method));
      assert.equal(await noted.done, '404 Not Found <>');
    }
    assert.equal(peer.sockets.length, 1);
  });

  test(`a response cut short is a premature close, not an end (${name})`, async (t) => {
    for (const response of [
      'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n',
    ]) {
      const peer = await startPeer(t, isPlain, (s) => s.end(response));
      assert.equal(await ask(peer.pool)[1].done, '200 OK premature-close');
    }
    const peer = await startPeer(t, isPlain, (s) => s.end('HTTP/1.1 200 OK\r\nA'));
    assert.equal(await ask(peer.pool)[1].done, 'premature-close');
  });

  test(`malformed and oversized responses fail (${name})`, async (t) => {
    for (const response of [
      'garbage\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      `HTTP/1.1 200 OK\r\nA: ${'a'.repeat(9000)}\r\n\r\n`,
      'HTTP/1.1 100 Continue\r\n\r\n'.repeat(200),
    ]) {
      const peer = await startPeer(t, isPlain, (s) => s.write(response));
      const [, noted] = ask(peer.pool);
      assert.match(await noted.done, /(^| )malformed$/);
      assert.match(noted.failure?.message ?? '', /^upstream sent /);
      assert.equal(peer.pool.open, 0);
    }
    const chunks = await startPeer(t, isPlain, (s) =>
      s.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'),
    );
    assert.equal(await ask(chunks.pool)[1].done, '200 OK malformed');
  });

  test(`connect errors are told apart (${name})`, async () => {
    const refused = new ClientPool(
      { path: '/nonexistent/socket' },
      { headLimits: responseHeadLimits(), cache: undefined, isPlain },
    );
    const [, noted] = ask(refused);
    assert.equal(await noted.done, 'connect');
    assert.equal(codeOf(noted), 'ENOENT');
    assert.equal(refused.open, 0);
  });

  test(`a peer that says nothing runs into the read timeout (${name})`, async (t) => {
    const peer = await startPeer(t, isPlain, () => {});
    const connection = peer.pool.take(5000);
    const noted = new Noted();
    connection.start(noted, 'GET', GET, 0, { sendTimeoutMs: 0, readTimeoutMs: 40 });
    assert.equal(await noted.done, 'read-timeout');
    // Between two reads too.
    const half = await startPeer(t, isPlain, (s) =>
      s.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
    );
    const second = new Noted();
    half.pool.take(5000).start(second, 'GET', GET, 0, { sendTimeoutMs: 0, readTimeoutMs: 300 });
    assert.equal(await second.done, '200 OK read-timeout');
  });

  test(`a peer that reads nothing runs into the send timeout (${name})`, async (t) => {
    const peer = await startPeer(t, isPlain, (s) => s.pause());
    const connection = peer.pool.take(5000);
    const noted = new Noted();
    const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n`;
    connection.start(noted, 'POST', head, 50_000_000, { sendTimeoutMs: 80, readTimeoutMs: 40 });
    assert.equal(connection.write(Buffer.alloc(50_000_000)), false);
    assert.equal(await noted.done, 'send-timeout');
  });

  test(`content is sent by length and in chunks, waiting for a slow peer (${name})`, async (t) => {
    const received: string[] = [];
    let last = '';
    const peer = await startPeer(t, isPlain, (s, text) => {
      received.push(text);
      last = (last + text).slice(-5);
      if (last === '0\r\n\r\n') s.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
    const head = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
    const [connection, noted] = ask(peer.pool, 'POST', head, -1);
    assert.equal(connection.write('abc'), true);
    const isFull = !connection.write(Buffer.alloc(8_000_000, 100));
    assert.ok(isFull);
    await eventually('room', () => noted.notes.includes('drained'));
    connection.end('e');
    await noted.done;
    assert.equal(
      received.join(''),
      `${head}3\r\nabc\r\n7a1200\r\n${'d'.repeat(8_000_000)}\r\n1\r\ne\r\n0\r\n\r\n`,
    );
    assert.equal(peer.cache.idle, 1);
  });

  test(`an early response arrives while content is still being sent (${name})`, async (t) => {
    const peer = await startPeer(t, isPlain, (s) =>
      s.write('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n'),
    );
    const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n';
    const [connection, noted] = ask(peer.pool, 'POST', head, 100);
    connection.write('part');
    assert.equal(await noted.done, '413 Too Large <>');
    assert.equal(connection.write('more'), true, 'ignored');
    connection.end();
    assert.equal(peer.cache.idle, 0);
    assert.equal(peer.pool.open, 0);
  });

  test(`a paused response stays bounded and goes on (${name})`, async (t) => {
    const size = 20_000_000;
    const peer = await startPeer(t, isPlain, (s) => {
      s.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      s.write(Buffer.alloc(size, 120));
    });
    const [connection, noted] = ask(peer.pool);
    noted.onData = () => {
      noted.onData = undefined;
      connection.pause();
    };
    await eventually('paused', () => noted.content.length > 0);
    let before = -1;
    await eventually('the peer has to wait', () => {
      const waiting = peer.sockets[0]?.writableLength ?? 0;
      const isStill = waiting === before;
      before = waiting;
      return isStill && waiting > 0;
    });
    assert.ok(noted.content.length < 300_000, `${noted.content.length}`);
    connection.resume();
    assert.equal(await noted.done, `200 OK <${size}>`);
  });

  test(`a connection that was paused by the end of its response is read again when kept (${name})`, async (t) => {
    const peer = await startPeer(t, isPlain, (s) =>
      s.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'),
    );
    const [first, noted] = ask(peer.pool);
    noted.onData = () => first.pause();
    assert.equal(await noted.done, '200 OK <hi>');
    const [second, other] = ask(peer.pool);
    assert.equal(second, first);
    assert.equal(await other.done, '200 OK <hi>');
  });

  test(`an aborted request says nothing more and closes (${name})`, async (t) => {
    const peer = await startPeer(t, isPlain, (s) => s.write('HTTP/1.1 200 OK\r\n'));
    const [connection, noted] = ask(peer.pool);
    await eventually('something came', () => connection.bytesReceived > 0);
    connection.abort();
    assert.equal(peer.pool.open, 0);
    await eventually('the peer sees it', () => peer.sockets[0]?.readableEnded === true);
    assert.deepEqual(noted.notes, []);
  });

  test(`101 turns into a tunnel, early bytes included (${name})`, async (t) => {
    const peer = await startPeer(t, isPlain, (s, text) => {
      if (text.startsWith('GET')) s.write('HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nearly');
      else s.end(`echo ${text}`);
    });
    const heard: string[] = [];
    const [, noted] = ask(peer.pool);
    const closed = new Promise<void>((resolve) => {
      noted.offer = (offer) => {
        const tunnel = offer.takeTunnel({
          data(bytes, from, to) {
            heard.push(Buffer.from(bytes.subarray(from, to)).toString());
            if (heard.length === 1) tunnel.write('ping');
          },
          drained() {},
          end() {
            heard.push('end');
            tunnel.end();
          },
          closed: resolve,
        });
      };
    });
    await closed;
    assert.deepEqual(heard, ['early', 'echo ping', 'end']);
    assert.deepEqual(noted.notes, ['upgraded 101']);
    assert.equal(peer.pool.open, 0);
  });
}
