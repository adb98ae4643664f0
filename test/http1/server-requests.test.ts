// Requests one after another, cut anywhere, with content and without.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  answer,
  eventually,
  Gather,
  NotedOwner,
  RawClient,
  startServer,
  WRAPPERS,
} from './harness.ts';

for (const { name, isPlain } of WRAPPERS) {
  test(`a keep-alive connection carries several requests (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: (e) => answer(e, 200, `${e.head.target}#${e.requestNumber}`),
    });
    const client = new RawClient(t, server.port);
    client.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.equal(
      await client.until('/a#1'),
      'HTTP/1.1 200 Reason\r\nContent-Length: 4\r\nConnection: keep-alive\r\n\r\n/a#1',
    );
    client.write('GET /b HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.until('/b#2');
    assert.equal(server.accounts.requests, 2);
    assert.equal(server.accounts.active, 1);
    await eventually('idle again', () => server.accounts.idle === 1);
  });

  test(`100 pipelined requests in one write are answered in order (${name})`, async (t) => {
    const finished: string[] = [];
    let pipelined = 0;
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        if (e.isPipelined) pipelined++;
        e.owner = {
          drained() {},
          aborted() {},
          finished() {
            finished.push(e.head.target);
          },
        };
        answer(e, 200, e.head.target);
      },
    });
    const client = new RawClient(t, server.port);
    const targets = Array.from({ length: 100 }, (_, i) => `/${i}`);
    client.write(targets.map((x) => `GET ${x} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
    const text = await client.until(/\/99$/);
    assert.deepEqual(
      [...text.matchAll(/\r\n\r\n(\/\d+)/g)].map((m) => m[1]),
      targets,
    );
    assert.deepEqual(finished, targets);
    assert.ok(pipelined > 90, `${pipelined} pipelined`);
  });

  test(`pipelined requests wait for an answer that takes its time (${name})`, async (t) => {
    const running: string[] = [];
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        running.push(e.head.target);
        setImmediate(() => {
          assert.deepEqual(running.splice(0), [e.head.target], 'one at a time');
          answer(e, 200, `<${e.head.target}>`);
        });
      },
    });
    const client = new RawClient(t, server.port);
    client.write(
      'GET /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /c HTTP/1.1\r\nHost: x\r\n\r\n',
    );
    const text = await client.until('</c>');
    assert.deepEqual([...text.matchAll(/<[^>]+>/g)].map(String), ['</a>', '</b>', '</c>']);
  });

  test(`requests may be cut at every byte (${name})`, async (t) => {
    const seen: string[] = [];
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        e.readContent(
          new Gather((g) => {
            seen.push(`${e.head.target} ${g.text} ${g.trailers.join('=')} ${e.bytesReceived}`);
            answer(e, 200, 'ok.');
          }),
          0,
        );
      },
    });
    const chunked =
      'POST /1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: v\r\n\r\n';
    const counted = 'POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nfghij';
    const plain = 'GET /3 HTTP/1.1\r\nHost: x\r\n\r\n';
    const whole = chunked + counted + plain;
    const expected = [
      `/1 abcde X-T=v ${chunked.length}`,
      `/2 fghij  ${counted.length}`,
      `/3   ${plain.length}`,
    ];
    for (let cut = 1; cut < whole.length; cut++) {
      const client = new RawClient(t, server.port);
      await client.written(whole.slice(0, cut));
      await new Promise((resolve) => setImmediate(resolve));
      client.write(whole.slice(cut));
      await client.until(/(ok\.[\s\S]*){3}/);
      client.socket.destroy();
      assert.deepEqual(seen.splice(0), expected, `cut at ${cut}`);
    }
  });

  test(`a request may come byte by byte (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: (e) => e.readContent(new Gather((g) => answer(e, 200, `<${g.text}>`)), 0),
    });
    const client = new RawClient(t, server.port);
    for (const byte of 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello') {
      await client.written(byte);
    }
    await client.until('<hello>');
  });

  test(`content is held for a handler that reads later (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        setImmediate(() =>
          e.readContent(new Gather((g) => answer(e, 200, `<${g.text.length}>`)), 0),
        );
      },
    });
    const client = new RawClient(t, server.port);
    client.write(
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n${'z'.repeat(300_000)}`,
    );
    await client.until('<300000>');
    client.take();
    client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab');
    await client.until('<2>');
  });

  test(`a handler that does not read bounds what is read (${name})`, async (t) => {
    let paused: (() => void) | undefined;
    let total = 0;
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        e.readContent(
          {
            data(_bytes, from, to) {
              total += to - from;
              if (paused === undefined) {
                e.pauseContent();
                paused = () => e.resumeContent();
              }
            },
            end: () => answer(e, 200, `<${total}>`),
            fail: assert.fail,
          },
          0,
        );
      },
    });
    const client = new RawClient(t, server.port);
    const size = 30_000_000;
    client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`);
    client.socket.write(Buffer.alloc(size, 97));
    await eventually('content flows', () => paused !== undefined);
    // What the kernel's buffers hold and one read, but nothing like all of it.
    let before = -1;
    await eventually('the client has to wait', () => {
      const still = client.socket.writableLength === before;
      before = client.socket.writableLength;
      return still && before > 0;
    });
    assert.ok(total <= 256 * 1024, `${total} bytes were given to a paused sink`);
    paused?.();
    await client.until(`<${size}>`);
  });

  test(`the limit of readContent is kept for lengths and for chunks (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: (e) =>
        e.readContent(new Gather((g) => answer(e, 413, `<${g.problem} ${g.text.length}>`)), 10),
    });
    for (const request of [
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nabcdefghijk',
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nabcdefghijk\r\n0\r\n\r\n',
      // A chunk that would pass the limit is refused before it has come.
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\na',
    ]) {
      const client = new RawClient(t, server.port);
      client.write(request);
      await client.until(/<too-large 0>/);
      assert.match(client.received, /Connection: close/);
      client.socket.end();
      await client.closed();
    }
  });

  test(`malformed chunks fail the content and close the connection (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: (e) => e.readContent(new Gather((g) => answer(e, 400, `<${g.problem}>`)), 0),
    });
    const client = new RawClient(t, server.port);
    client.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n');
    await client.ended();
    assert.match(client.received, /Connection: close\r\n\r\n<malformed>$/);
  });

  test(`a client that ends half way through its content aborts the exchange (${name})`, async (t) => {
    const owner = new NotedOwner();
    let problem: string | undefined;
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        e.owner = owner;
        e.readContent(
          new Gather((g) => {
            problem = g.problem;
          }),
          0,
        );
      },
    });
    const client = new RawClient(t, server.port);
    client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc');
    client.socket.end();
    await owner.heard('aborted closed');
    assert.equal(problem, 'closed');
    await client.closed();
    await eventually('forgotten', () => server.accounts.active === 0);
  });

  test(`a reset during a request is noticed (${name})`, async (t) => {
    const owner = new NotedOwner();
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        e.owner = owner;
        client.socket.resetAndDestroy();
      },
    });
    const client = new RawClient(t, server.port);
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await owner.heard('aborted closed');
    assert.deepEqual(owner.notes, ['aborted closed']);
    await eventually('forgotten', () => server.accounts.active === 0);
  });

  test(`a client that shuts its writing side still gets its answer (${name})`, async (t) => {
    const server = await startServer(t, {
      isPlain,
      handle: (e) => {
        setTimeout(() => answer(e, 200, '<late>'), 20);
      },
    });
    const client = new RawClient(t, server.port);
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n');
    client.socket.end();
    const text = await client.ended();
    assert.equal(text.split('<late>').length, 3);
    await client.closed();
    await eventually('forgotten', () => server.accounts.active === 0);
  });
}
