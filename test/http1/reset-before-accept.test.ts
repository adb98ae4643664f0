// A TCP peer that resets before it is accepted has no address any more, and what it sent can still
// be read: it must not pass for a peer on a Unix socket, which many a configuration trusts.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { answer, startServer, WRAPPERS } from './harness.ts';

const RESETTING_CLIENT = `
  for (let count = 0; count < 5; count += 1) {
    const client = require('node:net').connect(Number(process.argv[1]), '127.0.0.1', () => {
      client.write('GET /gone HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n', () => client.resetAndDestroy());
    });
  }`;

for (const { name, isPlain } of WRAPPERS) {
  test(`nobody answers a request whose sender can't be named (${name})`, async (t) => {
    const seen: string[] = [];
    const { port, accounts } = await startServer(t, {
      isPlain,
      handle: (exchange) => {
        seen.push(`${exchange.head.target} from ${exchange.connection.remoteAddress}`);
        answer(exchange, 200, '');
      },
    });
    // This process stands still meanwhile, so nothing is accepted before the last reset.
    const { status } = spawnSync(process.execPath, ['-e', RESETTING_CLIENT, String(port)]);
    assert.equal(status, 0);
    const last = net.connect(port, '127.0.0.1');
    t.after(() => last.destroy());
    last.write('GET /last HTTP/1.1\r\nHost: h\r\n\r\n');
    await once(last, 'data');
    assert.deepEqual(seen, ['/last from 127.0.0.1']);
    assert.deepEqual([accounts.accepted, accounts.active], [6, 1]);
  });
}
