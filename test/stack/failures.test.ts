/**
 * What goes wrong between the tiers, through both: each case has its rule, its status in the access
 * log of the proxy, and leaves the next request alone.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { spawnPool } from '../appserver/pool-process.ts';
import { ask, get, RawClient } from '../harness/raw-client.ts';
import { startTiers, type Tiers, type TiersOptions } from '../hostile/tiers.ts';

/** Notes in a file what the application heard; the file outlives workers. */
const NOTES = `import { appendFileSync } from 'node:fs';
const note = (word) => appendFileSync('notes', word + '\\n');`;

const FETCH_APP = `${NOTES}
export default { async fetch(request) {
  const { pathname } = new URL(request.url);
  request.signal.addEventListener('abort', () => note('aborted ' + pathname));
  if (pathname === '/throw') throw new Error('on purpose');
  if (pathname === '/wait') { note('begun ' + pathname); await new Promise(() => {}); }
  if (pathname === '/break' || pathname === '/endless') {
    const isEndless = pathname === '/endless';
    let count = 0;
    return new Response(new ReadableStream({
      async pull(controller) {
        if (!isEndless && count > 2) throw new Error('broken on purpose');
        count += 1;
        controller.enqueue(new Uint8Array(4096).fill(120));
        await new Promise((resolve) => setImmediate(resolve));
      },
      cancel: () => note('cancelled ' + pathname),
    }));
  }
  if (pathname === '/count') { await request.text(); note('posted'); }
  return new Response('fine');
} };`;

const NODE_APP = `${NOTES}
export default async (req, res) => {
  const pathname = req.url;
  res.on('close', () => { if (!res.writableFinished) note('aborted ' + pathname); });
  if (pathname === '/throw') throw new Error('on purpose');
  if (pathname === '/wait') { note('begun ' + pathname); return; }
  if (pathname === '/break' || pathname === '/endless') {
    const isEndless = pathname === '/endless';
    for (let count = 0; !res.destroyed; count += 1) {
      if (!isEndless && count > 2) throw new Error('broken on purpose');
      res.write(new Uint8Array(4096).fill(120));
      await new Promise((resolve) => setImmediate(resolve));
    }
    note('cancelled ' + pathname);
    return;
  }
  if (pathname === '/count') { for await (const _ of req); note('posted'); }
  res.end('fine');
};`;

const KINDS = [
  ['fetch', FETCH_APP],
  ['(req, res)', NODE_APP],
] as const;

const LOG = `log_format told '$status $upstream_status $request_method $request_uri'; access_log told.log told;
client_max_body_size 8m;
error_page 502 504 /down.html;`;

function start(t: TestContext, app: string, options: TiersOptions = {}): Promise<Tiers> {
  return startTiers(t, {
    app,
    http: LOG,
    server: 'location = /down.html { root .; internal; }',
    files: { 'down.html': 'back soon' },
    ...options,
    location: `proxy_ignore_client_abort off; ${options.location ?? ''}`,
  });
}

/** Waits until the access log of the proxy has the line. */
async function logged({ proxy }: Tiers, line: string): Promise<void> {
  await proxy.lines('told.log', (lines) => lines.includes(line));
}

async function noted({ pool }: Tiers, word: string): Promise<void> {
  for (const deadline = Date.now() + 60_000; ; ) {
    const notes = readNotes(pool.folder);
    if (notes.includes(word)) return;
    if (Date.now() > deadline) throw new Error(`no "${word}" among ${notes.join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function readNotes(folder: string): string[] {
  try {
    return readFileSync(join(folder, 'notes'), 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

for (const [kind, app] of KINDS) {
  test(`a ${kind} application that throws is a 500 before the head, a broken answer after it`, async (t) => {
    const tiers = await start(t, app);
    const thrown = await tiers.proxy.ask(get('/throw'));
    assert.equal(thrown.status, 500);
    assert.doesNotMatch(thrown.content, /on purpose/);
    await logged(tiers, '500 500 GET /throw');
    // By chunks, without their end: nobody takes it for whole.
    await assert.rejects(tiers.proxy.ask(get('/break')), /no whole response/);
    await logged(tiers, '200 200 GET /break');
    await tiers.pool.sees(/Error: broken on purpose/);
    assert.equal((await tiers.proxy.ask(get('/'))).content, 'fine');
  });

  test(`a client that leaves is 499, and the ${kind} application hears of it`, async (t) => {
    const tiers = await start(t, app);
    for (const path of ['/wait', '/endless']) {
      const client = await RawClient.connect(tiers.proxy.port());
      client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      if (path === '/wait') await noted(tiers, 'begun /wait');
      else await new Promise((resolve) => client.socket.once('data', resolve));
      client.destroy();
      await noted(tiers, path === '/wait' ? 'aborted /wait' : 'cancelled /endless');
    }
    // Where the head had been sent its status stands.
    await logged(tiers, '499 - GET /wait');
    await logged(tiers, '200 200 GET /endless');
    assert.equal((await tiers.proxy.ask(get('/'))).content, 'fine');
  });

  test(`a ${kind} application that takes too long is 504`, async (t) => {
    const tiers = await start(t, app, { location: 'proxy_read_timeout 300ms;' });
    const late = await tiers.proxy.ask(get('/wait'));
    assert.deepEqual([late.status, late.content], [504, 'back soon']);
    await logged(tiers, '504 504 GET /wait');
    await noted(tiers, 'aborted /wait');
    assert.equal((await tiers.proxy.ask(get('/'))).content, 'fine');
  });

  for (const buffering of ['on', 'off']) {
    test(`a ${kind} application that does not read content answers, proxy_request_buffering ${buffering}`, async (t) => {
      const tiers = await start(t, app, { location: `proxy_request_buffering ${buffering};` });
      const client = await RawClient.connect(tiers.proxy.port());
      t.after(() => client.destroy());
      for (const size of [10, 100_000]) {
        client.send(`POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
        client.send('GET /not-me HTTP/1.1\r\n'.padEnd(size, 'x').slice(0, size));
        assert.equal((await client.response()).content, 'fine');
      }
      // Larger than what is read for the sake of a connection.
      const size = 4_000_000;
      const closing = `POST /unread HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`;
      const { content } = await ask(tiers.proxy.port(), closing + 'x'.repeat(size));
      assert.equal(content, 'fine');
      assert.deepEqual(new Set(await tiers.settled()), new Set(['POST /unread']));
      await logged(tiers, '200 200 POST /unread');
    });
  }
}

test('while the pool is away there is an error page with 502, and it recovers by itself', async (t) => {
  const tiers = await start(t, FETCH_APP);
  const { proxy, pool } = tiers;
  assert.equal((await proxy.ask(get('/'))).content, 'fine');
  pool.signal('SIGTERM');
  await pool.exited;
  const away = await proxy.ask(get('/'));
  assert.deepEqual([away.status, away.content], [502, 'back soon']);
  await logged(tiers, '502 502 GET /');
  const next = spawnPool(t, {
    files: { 'app.mjs': FETCH_APP },
    args: ['app', '--bind', `unix:${pool.socketPath}`],
  });
  const deadline = Date.now() + 60_000;
  while ((await proxy.ask(get('/'))).content !== 'fine') {
    assert.ok(Date.now() < deadline, `it does not recover:\n${next.log}`);
  }
});

test('POSTs over kept connections are counted once each while the pool closes them', async (t) => {
  // keepalive_timeout of the upstream is 1 s, so each pause of the pool's side is met.
  const tiers = await start(t, FETCH_APP, { args: ['--keep-alive', '2', '--workers', '2'] });
  const { proxy, pool } = tiers;
  const client = await RawClient.connect(proxy.port());
  t.after(() => client.destroy());
  const post = 'POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi';
  let answered = 0;
  for (let round = 1; round <= 4; round += 1) {
    for (let i = 0; i < 25; i += 1) {
      client.send(post);
      assert.equal((await client.response()).status, 200);
      answered += 1;
    }
    pool.signal('SIGHUP');
    if (round % 2 === 0) await pool.sees(/Reloaded: 2 workers replaced/, round / 2);
  }
  assert.equal(readNotes(pool.folder).filter((note) => note === 'posted').length, answered);
});
