/** Chunk extensions, trailers, and chunks of one byte, without end: each has a bound. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { PATIENCE_MS } from '../harness/until.ts';
import { Held } from './clients.ts';
import { growthDuring, MB, workerPid } from './memory.ts';
import { startTiers } from './tiers.ts';

const HEAD = 'POST /endless HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const PIECE_BYTES = 64 * 1024;
/** No more is sent: whoever has not answered then would take it all. */
const MOST_BYTES = 16 * MB;

/** Repeats of each that make a piece, and what stands before the first. */
const ENDLESS: Readonly<Record<string, readonly [before: string, repeated: string]>> = {
  'a chunk extension': ['5;a=', 'x'],
  'chunk extensions, many in one line': ['5', ';a=b'],
  'a quoted chunk extension': ['5;a="', 'x'],
  'extensions of chunks of one byte': ['', `1;a=${'x'.repeat(200)}\r\nx\r\n`],
  'a chunk size of zeros': ['', '0'],
  'a trailer': ['0\r\nX: ', 'x'],
  'the name of a trailer': ['0\r\n', 'x'],
  trailers: ['0\r\n', 'X: y\r\n'],
};

/** Writes as fast as it is taken until the server answers or closes; whether it did. */
async function pour(client: Held, before: string, repeated: string): Promise<boolean> {
  const { socket } = client;
  const piece = repeated.repeat(Math.ceil(PIECE_BYTES / repeated.length));
  socket.write(HEAD + before);
  let written = 0;
  while (client.closedAt === 0 && socket.writable && written < MOST_BYTES) {
    written += piece.length;
    if (!socket.write(piece, 'latin1')) {
      await Promise.race([once(socket, 'drain').catch(() => {}), client.closed()]);
    }
    if (client.received !== '') break;
  }
  const until = Date.now() + PATIENCE_MS;
  while (client.received === '' && client.closedAt === 0 && Date.now() < until) await pause(5);
  return client.received !== '' || client.closedAt !== 0;
}

for (const buffering of ['on', 'off']) {
  test(`they end soon, with bounded memory, proxy_request_buffering ${buffering}`, async (t) => {
    const { proxy, pool } = await startTiers(t, {
      location: `proxy_http_version 1.1; proxy_request_buffering ${buffering};`,
    });
    const growth = await growthDuring(workerPid(proxy), async () => {
      for (const target of [proxy.port(), pool.socketPath]) {
        for (const [name, [before, repeated]] of Object.entries(ENDLESS)) {
          const client = new Held(target).read();
          await once(client.socket, 'connect');
          assert.ok(await pour(client, before, repeated), `${name}: no end`);
          client.socket.destroySoon();
          await client.closed();
          assert.match(client.received, /^(HTTP\/1\.1 4\d\d |$)/, name);
        }
      }
    });
    assert.ok(growth < 64 * MB, `grew by ${growth}`);
  });
}
