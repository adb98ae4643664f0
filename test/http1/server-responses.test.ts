// How responses are framed, joined, held back and cut off.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from '../../wire/exchange.ts';
import {
  answer,
  eventually,
  Gather,
  NotedOwner,
  RawClient,
  startServer,
  WRAPPERS,
} from './harness.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

for (const { name, isPlain } of WRAPPERS) {
  const exchangeOnce = async (
    t: Parameters<typeof startServer>[0],
    request: string,
    handle: (exchange: Exchange) => void,
  ): Promise<string> => {
    const server = await startServer(t, { isPlain, handle });
    const client = new RawClient(t, server.port);
    client.write(request.replace('Host: x', 'Host: x\r\nConnection: close'));
    return client.ended();
  };

  test(`HEAD, 204 and 304 carry no content (${name})`, async (t) => {
    const head = await exchangeOnce(t, 'HEAD / HTTP/1.1\r\nHost: x\r\n\r\n', (e) => {
      answer(e, 200, 'dropped');
      assert.equal(e.contentBytesSent, 0);
    });
    assert.equal(head, 'HTTP/1.1 200 Reason\r\nContent-Length: 7\r\nConnection: close\r\n\r\n');
    const unknown = await exchangeOnce(t, 'HEAD / HTTP/1.1\r\nHost: x\r\n\r\n', (e) => {
      e.writeHead(200, 'OK', '', -1);
      e.end('dropped');
    });
    assert.equal(unknown, 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n');
    const empty = await exchangeOnce(t, GET, (e) => answer(e, 204, 'dropped'));
    assert.equal(empty, 'HTTP/1.1 204 Reason\r\nConnection: close\r\n\r\n');
    const unmodified = await exchangeOnce(t, GET, (e) => answer(e, 304, 'dropped'));
    assert.equal(
      unmodified,
      'HTTP/1.1 304 Reason\r\nContent-Length: 7\r\nConnection: close\r\n\r\n',
    );
  });

  test(`content of unknown length is chunked for HTTP/1.1 (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        e.writeHead(200, 'OK', '', -1);
        e.write('ab');
        e.write(new Uint8Array(0));
        e.write(Buffer.alloc(5000, 99));
        e.end('de');
      },
    });
    const client = new RawClient(t, server.port);
    client.write(GET);
    assert.equal(
      await client.until('\r\n0\r\n\r\n'),
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n2\r\nab\r\n1388\r\n${'c'.repeat(5000)}\r\n2\r\nde\r\n0\r\n\r\n`,
    );
  });

  test(`content of unknown length ends with the connection for HTTP/1.0 (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        e.writeHead(200, 'OK', '', -1);
        e.write('ab');
        e.end('cd');
      },
    });
    const client = new RawClient(t, server.port);
    client.write('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    assert.equal(await client.ended(), 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcd');
  });

  test(`HTTP/1.0 keeps the connection only where asked (${name})`, async (t) => {
    const server = await startServer(t, { isPlain, handle: (e) => answer(e, 200, 'ok') });
    const kept = new RawClient(t, server.port);
    kept.write('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    await kept.until('Connection: keep-alive\r\n\r\nok');
    kept.take();
    kept.write('GET / HTTP/1.0\r\n\r\n');
    assert.match(await kept.ended(), /Connection: close\r\n\r\nok$/);
  });

  test(`HTTP/0.9 gets content alone (${name})`, async (t) => {
    const server = await startServer(t, { isPlain, handle: (e) => answer(e, 200, 'ok') });
    const client = new RawClient(t, server.port);
    client.write('GET /\r\n');
    assert.equal(await client.ended(), 'ok');
  });

  test(`content beyond the announced length is not sent (${name})`, async (t) => {
    const text = await exchangeOnce(t, GET, (e) => {
      e.writeHead(200, 'OK', '', 3);
      e.write('ab');
      e.end('cdefg');
    });
    assert.match(text, /\r\n\r\nabc$/);
  });

  test(`content short of the announced length aborts the connection (${name})`, async (t) => {
    const owner = new NotedOwner();
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        e.owner = owner;
        e.writeHead(200, 'OK', '', 10);
        e.end('abc');
      },
    });
    const client = new RawClient(t, server.port);
    client.write(GET + GET);
    const text = await client.ended();
    assert.deepEqual(owner.notes, ['aborted closed']);
    assert.equal(text.split('HTTP/1.1').length <= 2, true);
  });

  test(`an aborted response without length does not look complete (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        e.writeHead(200, 'OK', '', -1);
        e.write('part');
        setImmediate(() => e.abort());
      },
    });
    const client = new RawClient(t, server.port);
    client.write('GET / HTTP/1.0\r\n\r\n');
    await client.closed();
    assert.equal(client.error?.code, 'ECONNRESET');
  });

  test(`what a response counts is what leaves (${name})`, async (t) => {
    let bytesSent = 0;
    let contentBytes = 0;
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        e.writeHead(200, 'OK', 'A: b\r\n', -1);
        e.write(Buffer.alloc(20_000));
        e.end('xyz');
        bytesSent = e.bytesSent;
        contentBytes = e.contentBytesSent;
      },
    });
    const client = new RawClient(t, server.port);
    client.write(GET);
    const text = await client.until('\r\n0\r\n\r\n');
    assert.equal(bytesSent, text.length);
    assert.equal(contentBytes, 20_003);
  });

  test(`a slow reader is waited for with bounded memory (${name})`, async (t) => {
    const size = 64 * 1024 * 1024;
    let left = size;
    let mostQueued = 0;
    let drains = 0;
    let isFinished = false;
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        const fill = () => {
          while (left > 0) {
            left -= 65536;
            if (!e.write(Buffer.alloc(65536, 120))) {
              mostQueued = Math.max(mostQueued, e.contentBytesSent - client.socket.bytesRead);
              return;
            }
          }
          e.end();
        };
        e.owner = {
          finished() {
            isFinished = true;
          },
          aborted() {},
          drained() {
            drains++;
            fill();
          },
        };
        e.writeHead(200, 'OK', '', size);
        fill();
      },
    });
    const client = new RawClient(t, server.port);
    let total = 0;
    client.socket.removeAllListeners('data');
    client.socket.on('data', (data) => {
      total += data.length;
      if (client.received.length < 1000) client.received += data.toString('latin1', 0, 1000);
    });
    client.socket.pause();
    client.write(GET);
    await eventually('the server waits', () => mostQueued > 0);
    assert.ok(left > 0, 'all of it was taken at once');
    client.socket.resume();
    const header = () => client.received.indexOf('\r\n\r\n') + 4;
    await eventually('all of it', () => total >= size && total === size + header());
    await eventually('finished', () => isFinished);
    assert.ok(drains > 0);
    // The kernel's buffers count here too: a few megabytes, not 64.
    assert.ok(mostQueued < 16 * 1024 * 1024, `${mostQueued} bytes were under way`);
  });

  test(`100 Continue is sent when the content is asked for (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        setImmediate(() => e.readContent(new Gather((g) => answer(e, 200, `<${g.text}>`)), 0));
      },
    });
    const client = new RawClient(t, server.port);
    const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n';
    client.write(head);
    assert.equal(await client.until('\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n');
    client.write('hello');
    await client.until('<hello>');
    client.take();
    // One that does not wait gets it too, as from nginx and Gunicorn; RFC 9110 10.1.1 leaves it open.
    client.write(`${head}again`);
    assert.match(await client.until('<again>'), /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200/);
  });

  test(`a refusal before 100 Continue closes the connection (${name})`, async (t) => {
    const server = await startServer(t, { isPlain, handle: (e) => answer(e, 413, 'no') });
    const client = new RawClient(t, server.port);
    client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n');
    assert.match(
      await client.ended(),
      /^HTTP\/1.1 413 Reason\r\n.*\r\nConnection: close\r\n\r\nno$/s,
    );
  });

  test(`an early response discards the content and keeps the connection (${name})`, async (t) => {
    const server = await startServer(t, { isPlain, handle: (e) => answer(e, 200, e.head.target) });
    const client = new RawClient(t, server.port);
    await client.written('POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n');
    await client.until('/a');
    client.write(`${'x'.repeat(1000)}GET /b HTTP/1.1\r\nHost: x\r\n\r\n`);
    await client.until('/b');
    client.write('POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    await client.until('/c');
    client.write('3\r\nabc\r\n0\r\n\r\nGET /d HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.until('/d');
  });

  test(`an early response to much content closes, lingering, and arrives (${name})`, async (t) => {
    const server = await startServer(t, { isPlain, handle: (e) => answer(e, 413, 'too much') });
    const client = new RawClient(t, server.port);
    const size = 8_000_000;
    client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`);
    client.socket.write(Buffer.alloc(size, 97));
    const text = await client.ended();
    assert.match(text, /Connection: close\r\n\r\ntoo much$/);
    client.socket.end();
    await client.closed();
    assert.equal(client.error, undefined);
    await eventually('forgotten', () => server.accounts.active === 0);
  });

  test(`endless chunks after an early response end the connection (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: (e) => answer(e, 200, 'early'),
      times: { lingeringTimeMs: 100, lingeringTimeoutMs: 50 },
    });
    const client = new RawClient(t, server.port);
    await client.written('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    await client.until('early');
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    const pump = () => {
      while (!client.isClosed && client.socket.write(chunk));
    };
    client.socket.on('drain', pump);
    pump();
    await client.ended();
    await eventually('forgotten', () => server.accounts.active === 0);
  });

  test(`informational responses go before the head, not to HTTP/1.0 (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        e.writeInformational(103, 'Early Hints', 'Link: </a>\r\n');
        answer(e, 200, 'ok');
      },
    });
    const client = new RawClient(t, server.port);
    client.write(GET);
    assert.match(
      await client.until(/ok$/),
      /^HTTP\/1.1 103 Early Hints\r\nLink: <\/a>\r\n\r\nHTTP\/1.1 200/,
    );
    client.take();
    client.write('GET / HTTP/1.0\r\n\r\n');
    assert.match(await client.ended(), /^HTTP\/1.1 200/);
  });

  test(`calls after the end harm no later request (${name})`, async (t) => {
    const late: Exchange[] = [];
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        for (const old of late) {
          old.write('stray');
          old.end('stray');
          old.abort();
        }
        late.push(e);
        answer(e, 200, e.head.target);
      },
    });
    const client = new RawClient(t, server.port);
    for (const target of ['/a', '/b', '/c']) {
      client.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
      assert.ok(!(await client.until(target)).includes('stray'));
    }
  });

  test(`a head without content leaves by itself (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        e.writeHead(200, 'OK', 'Content-Type: text/event-stream\r\n', -1);
      },
    });
    const client = new RawClient(t, server.port);
    client.write(GET);
    await client.until('\r\n\r\n');
  });
}
