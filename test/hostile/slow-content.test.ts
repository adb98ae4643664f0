/** Request content one byte at a time is held with bounded memory; where it stalls, it ends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { destroyAll, dribble, goodClients, openMany, TOO_LONG_MS } from './clients.ts';
import { growthDuring, MB, workerPid } from './memory.ts';
import { startTiers } from './tiers.ts';

const COUNT = 100;

function post(length: number): string {
  return `POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`;
}

for (const buffering of ['on', 'off']) {
  const location = `proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering ${buffering};`;

  test(`slow content arrives whole, buffering ${buffering}`, async (t) => {
    const { proxy } = await startTiers(t, { location, http: 'client_body_timeout 4s;' });
    const text = 'x'.repeat(30);
    const growth = await growthDuring(workerPid(proxy), async () => {
      const slow = await openMany(proxy.port(), COUNT);
      t.after(() => destroyAll(slow));
      for (const { socket } of slow) socket.write(post(text.length));
      // Longer in all than client_body_timeout, which bounds the time between two reads alone.
      const fed = dribble(slow, text, 200);
      await goodClients(proxy, 10, slow);
      await Promise.all([fed, ...slow.map((client) => client.closed())]);
      for (const { received } of slow) {
        assert.match(received, /^HTTP\/1\.1 200 /);
        assert.match(received, /"content":"x{30}"/);
      }
    });
    assert.ok(growth < 64 * MB, `grew by ${growth}`);
  });

  test(`content that stalls is ended by client_body_timeout, buffering ${buffering}`, async (t) => {
    const { proxy, settled } = await startTiers(t, {
      location,
      http: 'client_body_timeout 3s;',
    });
    const stalled = await openMany(proxy.port(), COUNT);
    t.after(() => destroyAll(stalled));
    for (const { socket } of stalled) socket.write(`${post(10)}12345`);
    await goodClients(proxy, 10, stalled);
    await Promise.all(stalled.map((client) => client.closed()));
    for (const { heldMs, received } of stalled) {
      assert.match(received, /^(HTTP\/1\.1 408 |$)/);
      assert.ok(heldMs < TOO_LONG_MS, `held for ${heldMs} ms`);
    }
    const seen = (await settled()).filter((line) => line.startsWith('POST'));
    // Without buffering the application has begun; it hears that the content broke off.
    if (buffering === 'on') assert.deepEqual(seen, []);
  });
}
