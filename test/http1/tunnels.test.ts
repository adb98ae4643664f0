// Upgrades, and the rule that no connection ever sends another one's bytes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownBytes } from '../../http1/bytes.ts';
import type { Exchange, Tunnel, TunnelSink } from '../../wire/exchange.ts';
import { eventually, NotedOwner, RawClient, startServer, WRAPPERS } from './harness.ts';

const UPGRADE = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n';

/** Sends back what comes, waiting for a slow reader. */
class Echo implements TunnelSink {
  tunnel: Tunnel | undefined = undefined;
  isClosed = false;
  most = 0;

  static start(exchange: Exchange): Echo {
    const echo = new Echo();
    echo.tunnel = exchange.upgrade(101, 'Switching Protocols', 'Upgrade: echo\r\n', echo);
    return echo;
  }

  data(bytes: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to; at += 65536) {
      const end = Math.min(to, at + 65536);
      if (this.tunnel?.write(ownBytes(bytes, at, end)) === false) this.tunnel.pause();
    }
  }

  drained(): void {
    this.tunnel?.resume();
  }

  end(): void {
    this.tunnel?.end();
  }

  closed(): void {
    this.isClosed = true;
  }
}

for (const { name, isPlain } of WRAPPERS) {
  test(`an upgrade carries early bytes and ends on both sides (${name})`, async (t) => {
    const owner = new NotedOwner();
    let exchange: Exchange | undefined;
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        e.owner = owner;
        exchange = e;
        Echo.start(e);
      },
    });
    const client = new RawClient(t, server.port);
    client.write(`${UPGRADE}early`);
    assert.equal(
      await client.until('early'),
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\nearly',
    );
    client.write('later');
    await client.until('later');
    client.socket.end();
    await client.closed();
    await owner.heard('finished');
    assert.equal(exchange?.bytesSent, client.received.length);
    assert.equal(exchange?.contentBytesSent, 'earlylater'.length);
    assert.equal(exchange?.bytesReceived, UPGRADE.length + 10);
    assert.equal(server.accounts.active, 0);
  });

  test(`an upgrade may come late, after bytes were held (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        setTimeout(() => Echo.start(e), 20);
      },
    });
    const client = new RawClient(t, server.port);
    client.write(`${UPGRADE}held`);
    await client.until('\r\n\r\nheld');
    client.write(' more');
    await client.until('held more');
  });

  test(`a reset of a tunnel is told once (${name})`, async (t) => {
    const owner = new NotedOwner();
    let echo: Echo | undefined;
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        e.owner = owner;
        echo = Echo.start(e);
      },
    });
    const client = new RawClient(t, server.port);
    client.write(UPGRADE);
    await client.until('\r\n\r\n');
    client.socket.resetAndDestroy();
    await owner.heard('finished');
    assert.equal(echo?.isClosed, true);
    assert.equal(server.accounts.active, 0);
  });

  test(`the end of a tunnel tells whether the kernel has all of it (${name})`, async (t) => {
    const told: unknown[] = [];
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        const sink = {
          data() {},
          drained: () => told.push('drained'),
          end() {},
          closed() {},
        };
        const tunnel = e.upgrade(101, 'Switching Protocols', 'Upgrade: echo\r\n', sink);
        if (e.head.target === '/large') tunnel.write(Buffer.alloc(20_000_000));
        told.push(tunnel.end());
      },
    });
    const client = new RawClient(t, server.port);
    client.write(UPGRADE);
    await client.until('\r\n\r\n');
    assert.deepEqual(told, [true]);
    const slow = new RawClient(t, server.port);
    slow.socket.pause();
    slow.write(UPGRADE.replace('GET /', 'GET /large'));
    await eventually('the end', () => told.length === 2);
    assert.deepEqual(told, [true, false]);
    slow.socket.resume();
    await eventually('drained', () => told.length === 3);
    assert.deepEqual(told, [true, false, 'drained']);
  });

  test(`two slow tunnels never get each other's bytes (${name})`, async (t) => {
    const server = await startServer(t, { isPlain, handle: (e) => void Echo.start(e) });
    const size = 12_000_000;
    const clients = ['a', 'b', 'c'].map((letter) => {
      const client = new RawClient(t, server.port);
      client.socket.removeAllListeners('data');
      const state = { client, code: letter.charCodeAt(0), total: -1, foreign: 0, head: '' };
      client.socket.on('data', (data) => {
        let from = 0;
        if (state.total < 0) {
          state.head += data.toString('latin1');
          const end = state.head.indexOf('\r\n\r\n');
          if (end < 0) return;
          from = data.length - (state.head.length - end - 4);
          state.total = 0;
        }
        for (let i = from; i < data.length; i++) if (data[i] !== state.code) state.foreign++;
        state.total += data.length - from;
        // Reads slowly: everything on the way has to queue.
        client.socket.pause();
        setImmediate(() => client.socket.resume());
      });
      client.write(UPGRADE);
      for (let left = size; left > 0; left -= 100_000) {
        client.socket.write(Buffer.alloc(Math.min(left, 100_000), letter));
      }
      return state;
    });
    await eventually('all echoed', () => clients.every((c) => c.total === size));
    assert.deepEqual(
      clients.map((c) => c.foreign),
      [0, 0, 0],
    );
  });

  test(`two slow readers of echoed content never get each other's bytes (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        e.owner = { drained: () => e.resumeContent(), finished() {}, aborted() {} };
        e.writeHead(200, 'OK', '', e.head.contentLength);
        e.readContent(
          {
            data(bytes, from, to, text) {
              if (!e.write(text ?? ownBytes(bytes, from, to))) e.pauseContent();
            },
            end: () => e.end(),
            fail() {},
          },
          0,
        );
      },
    });
    const size = 8_000_000;
    const clients = ['a', 'b'].map((letter) => {
      const client = new RawClient(t, server.port);
      client.socket.removeAllListeners('data');
      const state = { total: 0, foreign: 0 };
      client.socket.on('data', (data) => {
        const from = state.total === 0 ? data.indexOf('\r\n\r\n') + 4 : 0;
        for (let i = from; i < data.length; i++) {
          if (data[i] !== letter.charCodeAt(0)) state.foreign++;
        }
        state.total += data.length - from;
        client.socket.pause();
        setImmediate(() => client.socket.resume());
      });
      client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`);
      client.socket.write(Buffer.alloc(size, letter));
      return state;
    });
    await eventually('all echoed', () => clients.every((c) => c.total === size));
    assert.deepEqual(
      clients.map((c) => c.foreign),
      [0, 0],
    );
  });
}
