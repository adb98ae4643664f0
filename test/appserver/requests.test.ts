/** Limits, keep-alive, threads and forwarded fields, for both kinds of applications. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { until } from '../harness/until.ts';
import { startPool } from './pool-process.ts';

const KINDS = [
  ['fetch', 'export default { fetch: () => new Response("ok") };'],
  ['(req, res)', 'export default (req, res) => res.end("ok");'],
] as const;

function get(target: string, ...lines: string[]): string {
  return `GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${lines.map((l) => `${l}\r\n`).join('')}\r\n`;
}

for (const [kind, source] of KINDS) {
  test(`limits of a ${kind} application are exact`, async (t) => {
    const limits = ['--limit-request-line', '60', '--limit-request-fields', '4'];
    const args = ['app', ...limits, '--limit-request-field_size', '50'];
    const pool = await startPool(t, { files: { 'app.mjs': source }, args });
    const statusOf = async (text: string): Promise<string> => (await pool.raw(text)).slice(9, 12);
    const longest = `/${'x'.repeat(60 - 'GET / HTTP/1.1'.length)}`;
    assert.equal(await statusOf(get(longest)), '200');
    assert.equal(await statusOf(get(`${longest}x`)), '414');
    assert.equal(await statusOf(get('/', 'a: 1', 'b: 2')), '200');
    assert.equal(await statusOf(get('/', 'a: 1', 'b: 2', 'c: 3')), '431');
    assert.equal(await statusOf(get('/', `a: ${'x'.repeat(45)}`)), '200');
    assert.equal(await statusOf(get('/', `a: ${'x'.repeat(46)}`)), '431');
  });

  test(`a connection to a ${kind} application is kept for keepalive seconds`, async (t) => {
    const pool = await startPool(t, {
      files: { 'app.mjs': source },
      args: ['app', '--keep-alive', '1'],
    });
    const socket = await pool.connected();
    const started = performance.now();
    let heard = '';
    socket.setEncoding('latin1').on('data', (piece: string) => {
      heard += piece;
    });
    for (let times = 1; times <= 2; times += 1) {
      socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
      while (heard.split('HTTP/1.1 200').length <= times) await once(socket, 'data');
    }
    assert.match(heard, /Connection: keep-alive/i);
    await once(socket, 'close');
    const seconds = (performance.now() - started) / 1000;
    assert.ok(seconds > 0.9 && seconds < 6, `closed after ${seconds} s`);
  });

  test(`keepalive 0 closes after each response of a ${kind} application`, async (t) => {
    const pool = await startPool(t, {
      files: { 'app.mjs': source },
      args: ['app', '--keep-alive', '0'],
    });
    const answer = await pool.raw('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    assert.match(answer, /Connection: close/i);
  });

  test(`a request on a kept connection is answered while a ${kind} worker stops`, async (t) => {
    const pool = await startPool(t, { files: { 'app.mjs': source }, args: ['app'] });
    const socket = await pool.connected();
    socket.setEncoding('latin1');
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    await once(socket, 'data');
    pool.signal('SIGTERM');
    await pool.sees(/Handling signal: term/);
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    const [second] = await once(socket, 'data');
    assert.match(second, /^HTTP\/1\.1 200 OK/);
    await once(socket, 'close');
    assert.equal(await pool.exited, 0);
  });
}

for (const [kind, source] of KINDS) {
  test(`worker_connections lets further clients of a ${kind} application wait`, async (t) => {
    const args = ['app', '--worker-connections', '2', '--keep-alive', '60'];
    const pool = await startPool(t, { files: { 'app.mjs': source }, args });
    const sockets = await Promise.all([1, 2, 3].map(() => pool.connected()));
    const answered: number[] = [];
    const answers = sockets.map((socket, index) => {
      socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
      return once(socket, 'data').then(() => answered.push(index));
    });
    await Promise.all(answers.slice(0, 2));
    assert.deepEqual(answered.toSorted(), [0, 1]);
    sockets[0]?.destroy();
    await answers[2];
    for (const socket of sockets) socket.destroy();
  });

  test(`max_requests replaces a ${kind} worker, the new one ready first`, async (t) => {
    const own = source.replace('"ok"', 'String(process.pid)');
    const args = ['app', '--max-requests', '20', '--threads', '2'];
    const pool = await startPool(t, { files: { 'app.mjs': own }, args });
    const seen = new Set<string>();
    await until(
      async () => seen.add((await pool.ask('/')).text).size,
      (count) => count === 3,
    );
    await pool.sees(/\[INFO\] Autorestarting worker after current request\./);
    assert.doesNotMatch(pool.log, /ERROR/);
  });
}

test('two threads of one worker run in parallel and share its connections', async (t) => {
  const source = `import { threadId } from 'node:worker_threads';
    export default { fetch: () => { const end = performance.now() + 300; while (performance.now() < end); return new Response(threadId + ' ' + process.pid); } };`;
  const args = ['app', '--threads', '2', '-t', '0'];
  const pool = await startPool(t, { files: { 'app.mjs': source }, args });
  const seen = new Set<string>();
  const end = performance.now() + 60_000;
  while (seen.size < 2 && performance.now() < end) {
    const answers = await Promise.all(Array.from({ length: 4 }, () => pool.ask('/')));
    for (const { text } of answers) seen.add(text);
  }
  const [first, second] = [...seen].map((text) => text.split(' '));
  assert.equal(seen.size, 2);
  assert.equal(first?.[1], second?.[1]);
});

const FACTS = `export default { fetch: (request, gateway) =>
  Response.json([request.url, gateway.scheme, gateway.clientAddress]) };`;

test('a Unix-socket peer is believed, and contradictions are refused', async (t) => {
  const pool = await startPool(t, { files: { 'app.mjs': FACTS }, args: ['app'] });
  const facts = async (headers: Record<string, string>) =>
    JSON.parse((await pool.ask('/', { headers: { host: 'h', ...headers } })).text);
  assert.deepEqual(await facts({}), ['http://h/', 'http', '']);
  assert.deepEqual(await facts({ 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '10.0.0.9' }), [
    'https://h/',
    'https',
    '10.0.0.9',
  ]);
  const spoofed = { 'X-Forwarded-For': '1.1.1.1, 10.0.0.9, 127.0.0.1' };
  assert.equal((await facts(spoofed))[2], '10.0.0.9');
  const headers = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Ssl': 'off' };
  assert.equal((await pool.ask('/', { headers })).status, 400);
});

test('a TCP peer is believed only where forwarded_allow_ips names it', async (t) => {
  for (const [list, url, client] of [
    ['127.0.0.1', 'https://h/', '10.0.0.9'],
    ['127.0.0.0/8', 'https://h/', '10.0.0.9'],
    ['*', 'https://h/', '10.0.0.9'],
    ['10.9.9.9', 'http://h/', '127.0.0.1'],
  ] as const) {
    const args = ['app', '-b', '127.0.0.1:0', '-b', 'unix:app.sock', '--forwarded-allow-ips', list];
    const pool = await startPool(t, { files: { 'app.mjs': FACTS }, args });
    const port = await pool.tcpPort();
    const headers = { host: 'h', 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '10.0.0.9' };
    const { text } = await pool.ask('/', { port, host: '127.0.0.1', headers });
    assert.deepEqual(JSON.parse(text), [url, url.split(':')[0], client], list);
    await pool.stop();
  }
});

test('a stream that an application gives to its own server is answered and ended where it is refused', async (t) => {
  const source = `import { createServer } from 'node:http';
    import { duplexPair } from 'node:stream';
    export const server = createServer((req, res) => res.end('ok'));
    export function startup() {
      const [near, far] = duplexPair();
      server.emit('connection', far);
      let heard = '';
      near.setEncoding('latin1').on('data', (text) => { heard += text; });
      near.on('end', () => console.error('heard ' + heard.slice(0, 12)));
      near.write('no request\\r\\n\\r\\n');
    }`;
  const pool = await startPool(t, { files: { 'app.mjs': source }, args: ['app:server'] });
  await pool.sees(/heard HTTP\/1\.1 400/);
});

test('a path that a front may read otherwise is refused, and the log names it', async (t) => {
  const source = 'export default { fetch: (request) => new Response(request.url) };';
  const pool = await startPool(t, { files: { 'app.mjs': source }, args: ['app'] });
  assert.match(await pool.raw(get('/admin//../x')), /^HTTP\/1\.1 400 /);
  await pool.sees(/Invalid request from .*: dot segments .* otherwise in "\/admin\/\/\.\.\/x"/);
  for (const [target, url] of [
    ['/admin/../x', 'http://h/x'],
    ['/admin//x%2fy', 'http://h/admin//x%2fy'],
    ['/admin#../x', 'http://h/admin'],
  ] as const) {
    const answer = await pool.raw(get(target));
    assert.equal(answer.slice(answer.indexOf('\r\n\r\n') + 4), url);
  }
});

test('a (req, res) application is given the target as it came', async (t) => {
  const source = 'export default (req, res) => res.end(req.url);';
  const pool = await startPool(t, { files: { 'app.mjs': source }, args: ['app'] });
  for (const target of ['/admin//../x', '/../x', '/a%2f..%2fb', '/a\\..\\b']) {
    const answer = await pool.raw(get(target));
    assert.ok(answer.endsWith(`\r\n\r\n${target}`), answer);
  }
});
