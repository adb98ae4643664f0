// Timeouts, lingering, refusals, limits and draining of server connections.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nginxHeadLimits } from '../../wire/head.ts';
import {
  answer,
  eventually,
  Gather,
  NotedOwner,
  RawClient,
  startServer,
  WRAPPERS,
} from './harness.ts';

function unexpected(): void {
  assert.fail('no request was complete');
}

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

for (const { name, isPlain } of WRAPPERS) {
  test(`a silent connection closes after the head timeout (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: unexpected,
      refuse: unexpected,
      options: { headTimeoutMs: 40 },
    });
    const client = new RawClient(t, server.port);
    assert.equal(await client.ended(), '');
  });

  test(`the first head's time runs from accept and is not renewed (${name})`, async (t) => {
    const statuses: number[] = [];
    const server = await startServer(t, {
      isPlain,
      handle: unexpected,
      refuse: (e, refusal) => {
        statuses.push(refusal.status);
        answer(e, refusal.status, '');
      },
      options: { headTimeoutMs: 150 },
    });
    const client = new RawClient(t, server.port);
    const startedAt = performance.now();
    const trickle = setInterval(() => client.write('GET / HTTP/1.1\r\nA: b\r\n'.slice(0, 1)), 15);
    t.after(() => clearInterval(trickle));
    assert.match(await client.ended(), /^HTTP\/1.1 408/);
    assert.deepEqual(statuses, [408]);
    const took = performance.now() - startedAt;
    assert.ok(took >= 130 && took < 10_000, `${took} ms`);
  });

  test(`a later head's time runs from its first byte (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: (e) => answer(e, 200, 'ok'),
      refuse: (e) => e.abort(),
      options: { headTimeoutMs: 300 },
    });
    const client = new RawClient(t, server.port);
    client.write(GET);
    await client.until('ok');
    // Idle for longer than the head timeout: only the keep-alive timeout counts.
    await new Promise((resolve) => setTimeout(resolve, 600));
    assert.equal(client.hasEnded, false);
    client.write('GET / HT');
    await client.ended();
  });

  test(`an idle connection closes after the keep-alive timeout (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: (e) => answer(e, 200, 'ok'),
      times: { keepaliveTimeoutMs: 40, keepaliveHeaderSeconds: 7 },
    });
    const client = new RawClient(t, server.port);
    client.write(GET);
    assert.match(
      await client.ended(),
      /\r\nConnection: keep-alive\r\nKeep-Alive: timeout=7\r\n\r\nok$/,
    );
  });

  test(`requests and age of a connection are bounded (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: (e) => answer(e, 200, 'ok'),
      times: { keepaliveRequests: 2 },
    });
    const client = new RawClient(t, server.port);
    client.write(GET + GET + GET);
    const text = await client.ended();
    assert.equal(text.split('ok').length, 3);
    assert.match(text, /Connection: close\r\n\r\nok$/);

    const old = await startServer(t, {
      isPlain,
      handle: (e) => answer(e, 200, 'ok'),
      times: { keepaliveTimeMs: 0 },
    });
    const second = new RawClient(t, old.port);
    second.write(GET);
    assert.match(await second.ended(), /Connection: close/);
  });

  test(`content that stops coming times out (${name})`, async (t) => {
    const owner = new NotedOwner();
    const server = await startServer(t, {
      isPlain,
      times: { contentTimeoutMs: 40 },
      handle: (e) => {
        e.owner = owner;
        e.readContent(new Gather((g) => answer(e, 408, `<${g.problem}>`)), 0);
      },
    });
    const client = new RawClient(t, server.port);
    client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc');
    assert.match(await client.ended(), /Connection: close\r\n\r\n<timeout>$/);
    await owner.heard('finished');
  });

  test(`a paused sink does not time out (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      times: { contentTimeoutMs: 40 },
      handle: (e) => {
        e.readContent(new Gather((g) => answer(e, 200, `<${g.problem} ${g.text}>`)), 0);
        e.pauseContent();
        setTimeout(() => e.resumeContent(), 120);
      },
    });
    const client = new RawClient(t, server.port);
    client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n');
    setImmediate(() => client.write('abc'));
    await client.until('<undefined abc>');
  });

  test(`a client that reads nothing runs into the send timeout (${name})`, async (t) => {
    const owner = new NotedOwner();
    const server = await startServer(t, {
      isPlain,
      times: { sendTimeoutMs: 80 },
      handle: (e) => {
        e.owner = owner;
        e.writeHead(200, 'OK', '', 50_000_000);
        e.end(Buffer.alloc(50_000_000));
      },
    });
    const client = new RawClient(t, server.port);
    client.socket.pause();
    client.write(GET);
    await owner.heard('aborted timeout');
    assert.deepEqual(owner.notes, ['aborted timeout']);
    await eventually('forgotten', () => server.accounts.active === 0);
  });

  test(`a slow reader that goes on reading does not time out (${name})`, async (t) => {
    const owner = new NotedOwner();
    const server = await startServer(t, {
      isPlain,
      times: { sendTimeoutMs: 1000 },
      handle: (e) => {
        e.owner = owner;
        e.writeHead(200, 'OK', '', 8_000_000);
        e.end(Buffer.alloc(8_000_000));
      },
    });
    const client = new RawClient(t, server.port);
    client.socket.pause();
    client.socket.removeAllListeners('data');
    client.write(GET);
    let total = 0;
    const sip = setInterval(() => {
      total += client.socket.read()?.length ?? 0;
    }, 20);
    t.after(() => clearInterval(sip));
    await owner.heard('finished');
    assert.ok(total > 0);
  });

  test(`a refused head is answered in full and the rest lingered over (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: unexpected,
      options: { headLimits: nginxHeadLimits(2, 1024) },
    });
    const cases: [string, RegExp][] = [
      ['GET / HTTP/1.1\r\n\r\n', /^HTTP\/1.1 400 /],
      ['GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1.1 400 /],
      [`GET /${'a'.repeat(2000)} HTTP/1.1\r\nHost: x\r\n\r\n`, /^HTTP\/1.1 414 /],
      [`GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(2000)}\r\n\r\n`, /^HTTP\/1.1 494 /],
      [`GET / HTTP/1.1\r\nHost: x\r\n${'A: b\r\n'.repeat(1000)}`, /^HTTP\/1.1 494 /],
      ['GET / HTTP/2.0\r\nHost: x\r\n\r\n', /^HTTP\/1.1 505 /],
      ['POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n', /^HTTP\/1.1 501 /],
    ];
    for (const [request, expected] of cases) {
      const client = new RawClient(t, server.port);
      client.write(request + 'x'.repeat(100_000));
      const text = await client.ended();
      assert.match(text, expected);
      assert.match(text, /Connection: close/);
      client.socket.end();
      await client.closed();
      assert.equal(client.error, undefined, request.slice(0, 40));
    }
    await eventually('forgotten', () => server.accounts.active === 0);
  });

  test(`lingering ends when the client falls silent, and at its time at the latest (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: unexpected,
      times: { lingeringTimeMs: 150, lingeringTimeoutMs: 50 },
    });
    const silent = new RawClient(t, server.port);
    silent.write('BROKEN\r\n\r\n');
    await silent.ended();
    await eventually('the silent one is dropped', () => server.accounts.active === 0);

    const chatty = new RawClient(t, server.port);
    chatty.write('BROKEN\r\n\r\n');
    const chat = setInterval(() => chatty.write('more'), 10);
    t.after(() => clearInterval(chat));
    await chatty.ended();
    await eventually('the chatty one is dropped', () => server.accounts.active === 0);
  });

  test(`lingering_close off closes at once (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: unexpected,
      times: { lingeringClose: 'off' },
    });
    const client = new RawClient(t, server.port);
    client.write('BROKEN\r\n\r\n');
    await client.ended();
    await eventually('forgotten', () => server.accounts.active === 0);
  });

  test(`draining answers once more with close, and closes quiet ones (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        if (e.head.target === '/slow') setTimeout(() => answer(e, 200, 'slow'), 60);
        else answer(e, 200, 'ok');
      },
    });
    const busy = new RawClient(t, server.port);
    const quiet = new RawClient(t, server.port);
    const again = new RawClient(t, server.port);
    const silent = new RawClient(t, server.port);
    for (const client of [quiet, again]) {
      client.write(GET);
      await client.until('ok');
    }
    busy.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually('all are there', () => server.accounts.active === 4);
    await eventually('one is busy', () => server.accounts.idle === 3);
    again.take();
    const drained = server.accounts.drain(100);
    again.write(GET);
    assert.match(await again.ended(), /Connection: close\r\n\r\nok$/);
    assert.match(await busy.ended(), /Connection: close\r\n\r\nslow$/);
    assert.doesNotMatch(await quiet.ended(), /close/);
    assert.equal(await silent.ended(), '');
    await drained;
    assert.equal(server.accounts.active, 0);
  });
}
