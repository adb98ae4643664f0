import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { GUNICORN, lacksGunicorn } from '../harness/gunicorn.ts';
import { Program } from '../harness/program.ts';
import { converse } from '../harness/raw-client.ts';
import { until } from '../harness/until.ts';
import { startPool } from './pool-process.ts';

/** Atoms that do not depend on the clock, the process or how time is measured. */
const FORMAT =
  '%(l)s %(u)s "%(r)s" %(s)s %(m)s %(U)s %(q)s %(H)s %(b)s %(B)s "%(f)s" "%(a)s" %({X-In}i)s %({x-out}o)s %({x-none}i)s %(Z)s 100%% %({REQUEST_METHOD}e)s %({HTTP_X_IN}e)s';
const REQUESTS = [
  'GET / HTTP/1.1\r\nHost: h\r\n',
  'GET /a%20b?c=d&e HTTP/1.1\r\nHost: h\r\nUser-Agent: me "quoted"\r\nReferer: http://x/\r\nX-In: in\r\n',
  'HEAD /head HTTP/1.1\r\nHost: h\r\n',
  'POST /post HTTP/1.0\r\nHost: h\r\nContent-Length: 0\r\nAuthorization: Basic dXNlcjpwYXNz\r\n',
];
const PYTHON = `def app(environ, start_response):
    body = b'' if environ['REQUEST_METHOD'] == 'HEAD' else b'hello'
    start_response('200 OK', [('Content-Length', '5'), ('X-Out', 'out')])
    return [body]
`;
const FETCH = `export default { fetch: () => new Response('hello', { headers: { 'x-out': 'out' } }) };`;
const NODE = `export default (req, res) => { res.setHeader('X-Out', 'out'); res.end('hello'); };`;

async function send(path: string, head: string): Promise<void> {
  await converse(path, `${head}Connection: close\r\n\r\n`);
}

async function linesOf(output: () => string, count: number): Promise<string[]> {
  const lines = (): string[] => output().split('\n').slice(0, -1);
  return await until(lines, ({ length }) => length >= count, `${count} lines`);
}

for (const [kind, source] of [
  ['fetch', FETCH],
  ['(req, res)', NODE],
] as const) {
  test(`lines of a ${kind} application are those of gunicorn`, {
    skip: lacksGunicorn(),
  }, async (t) => {
    const args = ['app', '--access-logfile', '-', '--access-logformat', FORMAT];
    const files = { 'app.mjs': source, 'wsgi.py': PYTHON };
    const pool = await startPool(t, { files, args });
    const theirs = join(pool.folder, 'theirs.sock');
    const log = join(pool.folder, 'theirs.log');
    const more = ['--access-logfile', log, '--access-logformat', FORMAT, '-b', `unix:${theirs}`];
    const gunicorn = new Program(GUNICORN, ['wsgi:app', '--worker-tmp-dir', pool.folder, ...more], {
      cwd: pool.folder,
    });
    t.after(() => gunicorn.stop('SIGKILL'));
    // The socket's file is there a moment before anyone listens.
    await gunicorn.sees(/Listening at/);
    for (const head of REQUESTS) {
      await send(theirs, head);
      await send(pool.socketPath, head);
    }
    await gunicorn.stop();
    const expected = await linesOf(() => readFileSync(log, 'utf8'), REQUESTS.length);
    assert.equal(expected.length, REQUESTS.length);
    assert.deepEqual(await linesOf(() => pool.stdout, REQUESTS.length), expected);
  });
}

const JSON_FORMAT =
  '{"agent":"%(a)s","line":"%(r)s","in":"%({x-in}i)s","t":"%(t)s","L":%(L)s,"D":%(D)s,"M":%(M)s,"T":%(T)s,"p":"%(p)s","h":"%(h)s"}';

for (const [kind, source] of [
  ['fetch', FETCH],
  ['(req, res)', NODE],
] as const) {
  test(`a client cannot forge a JSON line of a ${kind} application`, async (t) => {
    const args = ['app', '--access-logfile', '-', '--access-logformat', JSON_FORMAT];
    const pool = await startPool(t, { files: { 'app.mjs': source }, args });
    const agent = 'x\\","h":"10.0.0.1';
    await send(
      pool.socketPath,
      `GET /"\\ HTTP/1.1\r\nHost: h\r\nUser-Agent: ${agent}\r\nX-In: a\tb\r\n`,
    );
    const [line] = await linesOf(() => pool.stdout, 1);
    const {
      agent: logged,
      line: requestLine,
      in: field,
      t: date,
      p,
      h,
      ...times
    } = JSON.parse(line!);
    assert.deepEqual([logged, requestLine, field, h], [agent, 'GET /"\\ HTTP/1.1', 'a\tb', '-']);
    assert.match(date, /^\[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]$/);
    assert.match(p, /^<\d+>$/);
    assert.equal(Math.floor(times.D / 1000), times.M);
    assert.equal(times.D / 1e6, times.L);
    assert.equal(Math.floor(times.L), times.T);
  });
}

test('without accesslog nothing is written', async (t) => {
  const pool = await startPool(t, { files: { 'app.mjs': FETCH }, args: ['app'] });
  await pool.ask('/');
  pool.signal('SIGTERM');
  await pool.exited;
  assert.equal(pool.stdout, '');
});

test('a refused request and an aborted response have their line', async (t) => {
  const source = `export default (request) => new Response(new ReadableStream({
    start(c) { c.enqueue(new Uint8Array(10)); c.error(new Error('x')); } }));`;
  const args = ['app', '--access-logfile', '-', '--access-logformat', '%(s)s %(r)s'];
  const pool = await startPool(t, { files: { 'app.mjs': source }, args });
  await send(pool.socketPath, 'GET / HTTP/1.1\r\nHost: h\r\n');
  await send(pool.socketPath, 'TRACE / HTTP/1.1\r\nHost: h\r\n');
  await send(pool.socketPath, `GET /${'x'.repeat(5000)} HTTP/1.1\r\nHost: h\r\n`);
  const lines = await linesOf(() => pool.stdout, 3);
  assert.equal(lines[0], '200 GET / HTTP/1.1');
  assert.equal(lines[1], '501 TRACE / HTTP/1.1');
  assert.match(lines[2]!, /^414 /);
});

test('an access log on a full disk is told of once, and requests are answered', {
  skip: existsSync('/dev/full') ? false : 'no /dev/full',
}, async (t) => {
  const args = ['app', '--access-logfile', '/dev/full'];
  const pool = await startPool(t, { files: { 'app.mjs': FETCH }, args });
  for (let i = 0; i < 3; i++) assert.equal((await pool.ask('/')).text, 'hello');
  await pool.sees(/\[ERROR\] Lines are lost: writing to "\/dev\/full" failed: ENOSPC/);
  assert.equal((await pool.ask('/')).text, 'hello');
  pool.signal('SIGTERM');
  await pool.exited;
  assert.equal([...pool.log.matchAll(/Lines are lost/g)].length, 1);
});

test('an error log on a full disk is told of on standard error', {
  skip: existsSync('/dev/full') ? false : 'no /dev/full',
}, async (t) => {
  const args = ['app', '--error-logfile', '/dev/full'];
  const pool = await startPool(t, { files: { 'app.mjs': FETCH }, args });
  await pool.sees(/\[ERROR\] Lines are lost: writing to "\/dev\/full" failed: ENOSPC/);
  assert.equal((await pool.ask('/')).text, 'hello');
});

test('logs that cannot be opened anew stay as they are, and that is said', async (t) => {
  const args = ['app', '--access-logfile', 'logs/access.log', '--error-logfile', 'logs/error.log'];
  const files = { 'app.mjs': FETCH, 'logs/keep': '' };
  const pool = await startPool(t, { files, args });
  renameSync(join(pool.folder, 'logs'), join(pool.folder, 'moved'));
  pool.signal('SIGUSR1');
  // The master's error log, the worker's, and the worker's access log in its error log.
  await pool.sees(/\[ERROR\] Reopening "logs\/error.log" failed: ENOENT/, 2);
  const moved = (name: string) => () => readFileSync(join(pool.folder, 'moved', name), 'utf8');
  assert.equal((await pool.ask('/after')).text, 'hello');
  await linesOf(moved('access.log'), 1);
  assert.match(moved('access.log')(), /GET \/after /);
  assert.match(moved('error.log')(), /Reopening "logs\/access.log" failed: ENOENT/);
});
