/** How long the proxy waits for a client: header, body, send and keep-alive timeouts. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Front } from '../harness/front.ts';
import { startProxy } from '../harness/proxy.ts';
import { field, RawClient } from '../harness/raw-client.ts';

const HTTP = `
client_header_timeout 300ms;
server {
  listen 127.0.0.1:8080; root files; keepalive_timeout 300ms 20s;
  location /never { keepalive_timeout 0; }
  location /long { keepalive_timeout 60s; }
  location /slow { send_timeout 300ms; alias files/large.bin; }
  location /body { client_body_timeout 300ms; proxy_pass http://127.0.0.1:9; }
}`;

suite('waiting for clients', () => {
  let front: Front;
  before(async () => {
    const files = { 'files/a.txt': 'a', 'files/large.bin': 'x'.repeat(20 * 1024 * 1024) };
    front = await startProxy(HTTP, { files });
  });
  after(() => front.stop());

  /** What comes until a connection ends, 300 ms after `since` or later, but long before a default of 60 s. */
  async function endOf(client: RawClient, since: number): Promise<string> {
    const text = await client.rest();
    const took = performance.now() - since;
    assert.ok(took > 250 && took < 55_000, `closed after ${took} ms`);
    client.destroy();
    return text;
  }

  test('client_header_timeout ends a silent and a slow client without an answer', async () => {
    const opened = performance.now();
    const silent = await RawClient.connect(front.port());
    assert.equal(await endOf(silent, opened), '');
    const openedAgain = performance.now();
    const slow = await RawClient.connect(front.port());
    slow.send('GET / HTTP/1.1\r\nHost: x\r\n');
    assert.equal(await endOf(slow, openedAgain), '');
    const text = await front.lines('error.log', (all) =>
      all.some((line) => line.includes('timed out')),
    );
    assert.ok(text.length > 0);
  });

  test('keepalive_timeout ends an idle connection and is told where it says so', async () => {
    const client = await RawClient.connect(front.port());
    const asked = performance.now();
    client.send('GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n');
    const answer = await client.response();
    assert.equal(field(answer, 'keep-alive'), 'timeout=20');
    assert.equal(await endOf(client, asked), '');
    const never = await front.ask('GET /never HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.equal(field(never, 'connection'), 'close');
  });

  test('keepalive_timeout is that of the location that answered', async () => {
    const client = await RawClient.connect(front.port());
    client.send('GET /long HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.response();
    const other = await RawClient.connect(front.port());
    other.send('GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n');
    await other.response();
    await other.rest();
    client.send('GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.equal((await client.response()).status, 200);
    client.destroy();
    other.destroy();
  });

  test('client_body_timeout ends a request whose content does not come', async () => {
    const client = await RawClient.connect(front.port());
    const asked = performance.now();
    client.send('POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc');
    await endOf(client, asked);
  });

  test('send_timeout ends a reply that nobody reads', async () => {
    const client = await RawClient.connect(front.port());
    client.socket.pause();
    client.send('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
    const lines = await front.lines('access.log', (all) =>
      all.some((line) => line.includes('/slow')),
    );
    assert.match(lines.find((line) => line.includes('/slow')) ?? '', / 200 \d+ /);
    client.socket.resume();
    assert.ok((await client.rest()).length < 20 * 1024 * 1024);
    client.destroy();
  });
});
