/** What a large upload costs in memory: a few pieces on their way, and nothing afterwards. */
import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { growthDuring, MB, workerPid } from '../hostile/memory.ts';
import { proxyFor, response, upstreamFor } from './upstream-servers.ts';

const TOTAL = 256 * MB;
const PIECE = Buffer.alloc(65536, 'x');

/** Sends content of `total` bytes and reads the status. */
async function upload(port: number, path: string, total: number): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  let answer = '';
  const answered = new Promise<void>((resolve, reject) => {
    socket.on('data', (text) => {
      answer += text;
      if (answer.includes('\r\n\r\n')) resolve();
    });
    socket.once('error', reject).once('close', () => reject(new Error(`closed after ${answer}`)));
  });
  socket.write(`PUT ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${total}\r\n\r\n`);
  let left = total;
  const more = (): void => {
    while (left > 0) {
      left -= PIECE.length;
      if (!socket.write(PIECE)) {
        socket.once('drain', more);
        return;
      }
    }
  };
  more();
  await answered;
  socket.destroy();
  return answer.slice(9, 12);
}

test('an upload of 256 MB, buffered or not, takes a few megabytes of the worker', async (t) => {
  let expected = 4 * MB;
  const upstream = await upstreamFor(t, ({ socket }) => {
    let received = 0;
    // Counted, not kept.
    socket.removeAllListeners('data');
    socket.on('data', (text: string) => {
      received += text.length;
      if (received < expected) return;
      received = 0;
      socket.write(response(200, 'got it'));
    });
  });
  const front = await proxyFor(
    t,
    `client_max_body_size 0; server { listen 127.0.0.1:8080;
      location / { proxy_pass http://127.0.0.1:${upstream.port}; }
      location /stream { proxy_request_buffering off; proxy_pass http://127.0.0.1:${upstream.port}; }
    }`,
  );
  const pid = workerPid(front);
  // Once before, so that what every first upload loads and compiles does not count.
  for (const path of ['/', '/stream']) await upload(front.port(), path, expected);
  expected = TOTAL;
  for (const path of ['/', '/stream']) {
    const growth = await growthDuring(pid, async () => {
      assert.equal(await upload(front.port(), path, TOTAL), '200');
    });
    // Memory made anew for each piece grows to more than 60 MB before it is collected.
    assert.ok(growth < 32 * MB, `${path}: ${(growth / MB).toFixed(0)} MB`);
  }
});
