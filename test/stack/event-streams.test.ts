/** Streams of events (SSE) of a fetch application through both tiers. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { PoolProcess } from '../appserver/pool-process.ts';
import { RawClient } from '../harness/raw-client.ts';
import { startBothTiers } from './both-tiers.ts';

const APP = `
const open = new Set();
const encoder = new TextEncoder();

export function startup({ stopping }) {
  stopping.addEventListener('abort', () => {
    for (const stream of open) {
      stream.enqueue(encoder.encode('event: goodbye\\ndata: \\n\\n'));
      stream.close();
    }
  });
}

export default { fetch(request) {
  if (new URL(request.url).pathname === '/send') {
    for (const stream of open) stream.enqueue(encoder.encode('data: news\\n\\n'));
    return new Response(String(open.size));
  }
  let own;
  const body = new ReadableStream({
    start(controller) {
      own = controller;
      open.add(own);
    },
    cancel(reason) {
      open.delete(own);
      console.error('app: cancelled by ' + reason.name);
    },
  });
  const headers = { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' };
  return new Response(body, { headers });
} };`;

interface Reader {
  readonly pool: PoolProcess;
  readonly client: RawClient;
  /** Waits for text in what the client received. */
  until(text: string): Promise<void>;
}

async function subscribe(t: TestContext): Promise<Reader> {
  const args = ['--graceful-timeout', '600'];
  const { pool, front } = await startBothTiers(t, APP, { args });
  const client = await RawClient.connect(front.port());
  t.after(() => client.destroy());
  let heard = '';
  client.socket.on('data', (piece: string) => {
    heard += piece;
  });
  client.send('GET /events HTTP/1.1\r\nHost: h\r\n\r\n');
  const until = async (text: string): Promise<void> => {
    while (!heard.includes(text)) await new Promise((go) => client.socket.once('data', go));
  };
  await until('\r\n\r\n');
  assert.match(heard, /^HTTP\/1\.1 200 /);
  return { pool, client, until };
}

test('events arrive as they are sent, and the stream is cancelled when its client goes', async (t) => {
  const { pool, client, until } = await subscribe(t);
  assert.equal((await pool.ask('/send')).text, '1');
  await until('data: news\n\n');
  client.destroy();
  await pool.sees(/app: cancelled by AbortError/);
  assert.equal((await pool.ask('/send')).text, '0');
});

for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} lets the application end its streams, and does not wait`, async (t) => {
    const { pool, client, until } = await subscribe(t);
    pool.signal(signal);
    await until('event: goodbye\ndata: \n\n');
    const { content } = await client.response();
    assert.equal(content, 'event: goodbye\ndata: \n\n');
    await pool.sees(/Worker exiting/);
    assert.doesNotMatch(pool.log, /cancelled/);
  });
}
