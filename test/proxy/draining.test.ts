/**
 * What becomes of connections of each kind when the worker process that has them is told to leave, by
 * HUP and by QUIT, or is killed.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import type { Front } from '../harness/front.ts';
import { ask, field, get, RawClient } from '../harness/raw-client.ts';
import { until } from '../harness/until.ts';
import { proxyFor, response, type Upstream, upstreamFor } from './upstream-servers.ts';

const FILE_BYTES = 24 * 1024 * 1024;
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Switching\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n';

/** Process ids of the workers, oldest first; none once the master is gone. */
function workersOf({ pid }: Front): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** An upstream that answers with the length of what is posted, and echoes in capitals after an upgrade. */
function echoing(t: TestContext): Promise<Upstream> {
  return upstreamFor(t, (connection) => {
    let from = 0;
    let isTunnel = false;
    connection.socket.on('end', () => connection.socket.end());
    connection.onData((received) => {
      const headEnd = received.indexOf('\r\n\r\n', from);
      if (isTunnel) {
        connection.send(received.slice(from).toUpperCase());
        from = received.length;
      } else if (headEnd !== -1) {
        const head = received.slice(from, headEnd);
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
        if (received.length < headEnd + 4 + length) return;
        from = headEnd + 4 + length;
        isTunnel = /upgrade: echo/i.test(head);
        connection.send(isTunnel ? SWITCH : response(200, `${length} bytes`));
      }
    });
  });
}

interface Site {
  readonly front: Front;
  readonly upstream: Upstream;
  /** The worker process that was there first. */
  readonly worker: number;
}

async function startSite(t: TestContext): Promise<Site> {
  const upstream = await echoing(t);
  const front = await proxyFor(
    t,
    `map $http_upgrade $way { default upgrade; '' ''; }
    upstream app { server 127.0.0.1:${upstream.port}; keepalive 8; keepalive_timeout 60s; }
    server {
      listen 127.0.0.1:8080;
      location = / { return 200 word; }
      location /files/ { root .; }
      location /app {
        proxy_pass http://app; proxy_http_version 1.1; proxy_request_buffering off;
        proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $way;
      }
    }`,
    { files: { 'files/long': 'x'.repeat(FILE_BYTES) }, main: 'error_log error.log notice;' },
  );
  const [worker] = workersOf(front);
  assert.ok(worker !== undefined);
  return { front, upstream, worker };
}

/** One connection of each kind that is busy. */
interface Busy {
  readonly download: RawClient;
  readonly upload: RawClient;
  readonly tunnel: RawClient;
}

async function busyClients(t: TestContext, { front }: Site): Promise<Busy> {
  const open = async (): Promise<RawClient> => {
    const client = await RawClient.connect(front.port());
    t.after(() => client.destroy());
    return client;
  };
  const [download, upload, tunnel] = [await open(), await open(), await open()];
  download.socket.pause();
  download.send('GET /files/long HTTP/1.1\r\nHost: a\r\n\r\n');
  upload.send('POST /app HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf.');
  tunnel.send('GET /app HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
  assert.equal((await tunnel.response()).status, 101);
  return { download, upload, tunnel };
}

/** Each comes to its proper end, however long the worker has been told to leave. */
async function finish({ download, upload, tunnel }: Busy): Promise<void> {
  upload.send('half.');
  const answer = await upload.response();
  assert.deepEqual([answer.content, field(answer, 'connection')], ['10 bytes', 'close']);
  download.socket.resume();
  const file = await download.response();
  assert.equal(file.content.length, FILE_BYTES);
  const heard = new Promise<string>((resolve) => tunnel.socket.once('data', resolve));
  tunnel.send('still here');
  assert.equal(await heard, 'STILL HERE');
  tunnel.destroy();
}

test('after HUP the former worker ends what it had begun, and then itself', async (t) => {
  const site = await startSite(t);
  const { front, upstream, worker } = site;
  assert.equal((await front.ask(get('/app'))).content, '0 bytes'); // Leaves a kept upstream connection.
  const kept = upstream.connections.length;
  const busy = await busyClients(t, site);
  const asking = await RawClient.connect(front.port());
  const silent = await RawClient.connect(front.port());
  for (const client of [asking, silent]) {
    client.send(GET);
    assert.equal((await client.response()).content, 'word');
  }
  front.signal('SIGHUP');
  await until(() => workersOf(front).some((pid) => pid !== worker));
  // Idle for less than a second: answered once more, and told to go; idle for longer: closed.
  asking.send(GET);
  const last = await asking.response();
  assert.equal(last.content, 'word');
  assert.equal(await silent.rest(), '');
  assert.equal((await front.ask(get('/'))).content, 'word');
  assert.ok(workersOf(front).includes(worker), 'it left before its clients');
  await finish(busy);
  await until(() => !workersOf(front).includes(worker));
  const isClosed = upstream.connections[kept - 1]?.socket.readableEnded;
  assert.equal(isClosed, true, 'a kept upstream connection outlived its worker');
  assert.equal((await front.ask(get('/app'))).content, '0 bytes');
  for (const client of [asking, silent]) client.destroy();
});

test('after QUIT idle connections end at once, and the program with the last busy one', async (t) => {
  const site = await startSite(t);
  const { front, worker } = site;
  const busy = await busyClients(t, site);
  const idle = await RawClient.connect(front.port());
  idle.send(GET);
  await idle.response();
  front.signal('SIGQUIT');
  assert.equal(await idle.rest(), '');
  await assert.rejects(ask(front.port(), GET));
  assert.ok(workersOf(front).includes(worker));
  await finish(busy);
  await until(() => workersOf(front).length === 0);
  idle.destroy();
});

test('after TERM nothing is waited for', async (t) => {
  const site = await startSite(t);
  const busy = await busyClients(t, site);
  site.front.signal('SIGTERM');
  await until(() => workersOf(site.front).length === 0);
  assert.equal(await busy.upload.rest(), '');
});

test('a killed worker process is replaced, and who connects meanwhile is answered', async (t) => {
  const { front, worker } = await startSite(t);
  process.kill(worker, 'SIGKILL');
  // What it had accepted dies with it.
  await until(() => !workersOf(front).includes(worker));
  const started = performance.now();
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(front.port(), get('/'))));
  t.diagnostic(`answered within ${Math.round(performance.now() - started)} ms`);
  for (const { content } of answers) assert.equal(content, 'word');
});
