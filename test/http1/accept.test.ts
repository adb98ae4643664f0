// Accepting: the limit of connections, and what clients see of it.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ClientPool } from '../../http1/client-pool.ts';
import type { ClientFailure } from '../../http1/response-sink.ts';
import { responseHeadLimits } from '../../wire/head.ts';
import { RawClient, WRAPPERS } from './harness.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

/** A server in a process of its own, on an inherited descriptor as workers have it. */
async function startWorker(
  t: TestContext,
  limit: number,
  backlog: number,
  isPlain: boolean,
): Promise<number> {
  const bound = new net.BoundSocket({ host: '127.0.0.1', port: 0 });
  const address = bound.address() as net.AddressInfo;
  const child: ChildProcess = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('limited-server.ts', import.meta.url)),
      `${limit}`,
      `${backlog}`,
      isPlain ? 'plain' : 'fast',
    ],
    { stdio: ['ignore', 'inherit', 'inherit', bound.fd(), 'ipc'] },
  );
  t.after(async () => {
    const exited = once(child, 'exit');
    child.disconnect();
    await exited;
  });
  const [message] = await once(child, 'message');
  bound.close();
  assert.deepEqual(message, { canPause: true });
  return address.port;
}

for (const { name, isPlain } of WRAPPERS) {
  test(`no more connections are open than the limit, and nobody is refused (${name})`, async (t) => {
    const port = await startWorker(t, 5, 511, isPlain);
    const clients = Array.from({ length: 40 }, () => new RawClient(t, port));
    const seen = await Promise.all(
      clients.map(async (client) => {
        client.write(GET.replace('Host', 'Connection: close\r\nHost'));
        return Number((await client.ended()).split('\r\n\r\n')[1]?.split(' ')[0]);
      }),
    );
    assert.equal(seen.length, 40);
    assert.ok(Math.max(...seen) <= 5, `${Math.max(...seen)} at once`);
  });
}

test('a connection that cannot be made in time fails with connect-timeout', async (t) => {
  const port = await startWorker(t, 1, 1, false);
  const first = new RawClient(t, port);
  first.write(GET);
  await first.until('1 1');
  const pool = new ClientPool(
    { host: '127.0.0.1', port },
    { headLimits: responseHeadLimits(), cache: undefined },
  );
  // Two fit the backlog and wait for an answer; the others wait to be connected.
  const outcomes = await Promise.all(
    Array.from({ length: 4 }, () => {
      return new Promise<string>((resolve) => {
        const ignore = () => {};
        const sink = {
          informational: ignore,
          head: ignore,
          data: ignore,
          drained: ignore,
          upgraded: ignore,
          end: () => resolve('end'),
          failed: (failure: ClientFailure) => resolve(failure.kind),
        };
        pool.connect(500).start(sink, 'GET', GET, 0, { sendTimeoutMs: 0, readTimeoutMs: 500 });
      });
    }),
  );
  assert.deepEqual(outcomes.sort(), [
    'connect-timeout',
    'connect-timeout',
    'read-timeout',
    'read-timeout',
  ]);
});
