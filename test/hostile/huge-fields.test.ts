/** Request lines and fields that are huge or many: refused by their limit, soon, with bounded memory. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Held } from './clients.ts';
import { firstWorker, growthDuring, MB, workerPid } from './memory.ts';
import { startTiers, type Tiers } from './tiers.ts';

const START = 'GET / HTTP/1.1\r\nHost: a\r\n';
const END = 'Connection: close\r\n\r\n';

/** What comes back for a request that is written until the server answers or closes. */
async function give(target: number | string, text: string): Promise<string> {
  const client = new Held(target).read();
  await once(client.socket, 'connect');
  client.socket.write(text, 'latin1');
  await client.closed();
  return client.received.slice(0, 13);
}

test('the proxy holds to large_client_header_buffers', async (t) => {
  const { proxy, settled }: Tiers = await startTiers(t);
  const port = proxy.port();
  const growth = await growthDuring(workerPid(proxy), async () => {
    const x = 'x'.repeat(4 * MB);
    assert.equal(await give(port, `GET /${x} HTTP/1.1\r\n${END}`), 'HTTP/1.1 414 ');
    assert.equal(await give(port, `${START}X: ${x}\r\n${END}`), 'HTTP/1.1 400 ');
    assert.equal(await give(port, `${START}${x}: y\r\n${END}`), 'HTTP/1.1 400 ');
    assert.equal(await give(port, `${START}${'A: b\r\n'.repeat(700_000)}${END}`), 'HTTP/1.1 400 ');
    assert.equal(await give(port, `${START}Cookie: ${x}\r\n${END}`), 'HTTP/1.1 400 ');
    assert.equal(await give(port, x), 'HTTP/1.1 414 ');
    // 33 KB in all, with each line in its own bound of 8 KB.
    const many = `X: ${'x'.repeat(7900)}\r\n`.repeat(5);
    assert.equal(await give(port, `${START}${many}${END}`), 'HTTP/1.1 400 ');
  });
  assert.ok(growth < 64 * MB, `grew by ${growth}`);
  assert.deepEqual(await settled(), []);
});

test('the pool holds to limit_request_line, limit_request_fields, limit_request_field_size', async (t) => {
  const { pool } = await startTiers(t);
  const path = pool.socketPath;
  const growth = await growthDuring(await firstWorker(pool), async () => {
    const x = 'x'.repeat(4 * MB);
    assert.equal(await give(path, `GET /${x} HTTP/1.1\r\n${END}`), 'HTTP/1.1 414 ');
    assert.equal(await give(path, `${START}X: ${x}\r\n${END}`), 'HTTP/1.1 431 ');
    assert.equal(await give(path, `${START}${'A: b\r\n'.repeat(99)}\r\n`), 'HTTP/1.1 200 ');
  });
  assert.ok(growth < 64 * MB, `grew by ${growth}`);
  await pool.sees(/^SEEN /m);
});

test('what the proxy takes and the pool does not is answered by the pool, and the tiers go on', async (t) => {
  const { proxy } = await startTiers(t, { location: 'proxy_http_version 1.1;' });
  const port = proxy.port();
  assert.equal(
    await give(port, `GET /${'x'.repeat(5000)} HTTP/1.1\r\nHost: a\r\n${END}`),
    'HTTP/1.1 414 ',
  );
  assert.equal(await give(port, `${START}${'A: b\r\n'.repeat(200)}${END}`), 'HTTP/1.1 431 ');
  assert.equal(await give(port, `${START}${END}`), 'HTTP/1.1 200 ');
});
