import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { describe, failed, startLoad, type Tally } from './load.ts';

/** Runs the load on a server that answers with `listener`, until it has heard `count` requests. */
async function load(t: TestContext, count: number, listener: RequestListener): Promise<Tally> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let heard = 0;
  const server = createServer((request, response) => {
    if (++heard >= count) resolve();
    listener(request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close().closeAllConnections());
  const running = startLoad((server.address() as AddressInfo).port, ['/']);
  await promise;
  return running.stop();
}

test('answers are counted, and nothing fails where nothing does', async (t) => {
  const tally = await load(t, 20, (_, response) => response.end('whole'));
  assert.ok(tally.answered >= 20);
  assert.equal(failed(tally), 0);
});

test('a status that is not 200 is a failure, and so is an answer that breaks off', async (t) => {
  let turn = 0;
  const tally = await load(t, 8, (_, response) => {
    if (turn++ % 2 === 0) return void response.writeHead(502).end();
    response.writeHead(200, { 'Content-Length': 10 }).write('half');
    setImmediate(() => response.destroy());
  });
  assert.equal(tally.answered, 0);
  assert.deepEqual([...tally.failures.keys()].sort(), ['502', 'cut off']);
  assert.match(describe(tally), /^0 answered, \d+ failed \((502|cut off): \d+, /);
});

test('a request that meets a closing connection is sent again, on another one', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let opened = 0;
  // Each connection answers one request, and is reset by the next.
  const server = createTcpServer((socket) => {
    if (++opened === 10) resolve();
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole');
      socket.once('data', () => socket.resetAndDestroy());
    });
    socket.on('error', () => {}); // The load leaves with what it is in.
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  const running = startLoad((server.address() as AddressInfo).port, ['/']);
  await promise;
  const tally = await running.stop();
  assert.ok(tally.answered > 0 && tally.resent > 0, describe(tally));
  assert.equal(failed(tally), 0, describe(tally));
});

test('nobody listening is a failure by name', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const running = startLoad(port, ['/']);
  const tally = await running.stop();
  assert.deepEqual([...tally.failures.keys()], ['ECONNREFUSED']);
});
