/** `tandem-appserver --validate`: what holds, what to mend, in bounded time. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { spawnPool } from './pool-process.ts';

async function validate(
  t: TestContext,
  source: string,
  more: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; said: string; log: string }> {
  const args = ['--validate', 'app', ...more];
  const pool = spawnPool(t, { files: { 'app.mjs': source }, args, env });
  const code = await pool.exited;
  return { code, said: pool.stdout, log: pool.log };
}

function lines(said: string, label: string): string[] {
  return said.split('\n').filter((line) => line.startsWith(label));
}

test('an application that keeps the rules is told so, and named by its shape', async (t) => {
  const source = `export function startup() { console.error('up'); }
    export function shutdown() { console.error('down'); }
    export default (request, response) => { response.end('fine'); };`;
  const temporary = mkdtempSync(join(tmpdir(), 'validated-'));
  t.after(() => rmSync(temporary, { recursive: true }));
  const { code, said, log } = await validate(t, source, [], { TMPDIR: temporary });
  assert.equal(code, 0, said);
  assert.match(said, /^ok {4}app is recognised as \(req, res\) function$/m);
  assert.match(said, /^ok {4}GET \/ is answered 200$/m);
  assert.match(said, /^14 kept, 0 to mend$/m);
  assert.match(log, /^up$/m);
  assert.match(log, /^down$/m);
  assert.deepEqual(readdirSync(temporary), []);
});

test('an application that throws is told where', async (t) => {
  const source = `export default { fetch(request) {
    if (request.method === 'HEAD') return new Response(null, { status: 405 });
    decodeURIComponent(new URL(request.url).pathname);
    if (request.method === 'POST') throw new Error('no form');
    return new Response('fine'); } };`;
  const { code, said } = await validate(t, source);
  assert.equal(code, 1, said);
  assert.deepEqual(lines(said, 'mend'), [
    'mend  HEAD / is answered 405, GET / 200',
    'mend  a path that is no valid percent-encoding is answered 500: URIError: URI malformed',
    'mend  content it does not read is answered 500: Error: no form',
  ]);
  assert.match(said, /^ {6}-> catch what decodeURIComponent throws/m);
  assert.match(said, /^11 kept, 3 to mend$/m);
});

test('one without a recognisable shape is told which there are', async (t) => {
  const { code, said } = await validate(t, 'export default { answer: () => "x" };');
  assert.equal(code, 1);
  assert.match(
    said,
    /^mend {2}Application object must be callable: found an object with answer as "default" of "app"; /m,
  );
  assert.match(said, /^ {6} {2}a function of one argument, \(request\) => Response$/m);
  assert.match(said, /^0 kept, 1 to mend$/m);
});

test('one that does not load is told why', async (t) => {
  const broken = await validate(t, 'import "no-such-package"; export default () => {};');
  assert.equal(broken.code, 1);
  assert.match(broken.said, /^mend {2}Exception while loading "app"\n.*no-such-package/m);
  const failing = await validate(
    t,
    `export function startup() { throw new Error('no database'); }
     export default { fetch: () => new Response('x') };`,
  );
  assert.equal(failing.code, 1);
  assert.match(failing.said, /^mend {2}Exception in startup\(\).*\n {6}Error: no database/m);
});

describe('what takes seconds', { concurrency: true }, () => {
  test('one that never answers is waited for 5 seconds, once', async (t) => {
    const source = `export default { fetch() { console.error('asked'); return new Promise(() => {}); } };`;
    const pool = spawnPool(t, { files: { 'app.mjs': source }, args: ['--validate', 'app'] });
    await pool.sees(/^asked$/m);
    const asked = performance.now();
    assert.equal(await pool.exited, 1);
    assert.ok(performance.now() - asked < 15_000);
    const { stdout: said, log } = pool;
    assert.deepEqual(lines(said, 'mend'), ['mend  GET / is not answered in time']);
    assert.match(said, /^ok {4}it ends when it is told to/m);
    assert.equal(log.match(/^asked$/gm)?.length, 1);
  });

  test('one that holds the event loop, or dies, is told so', async (t) => {
    const [loop, stray] = await Promise.all([
      validate(t, 'export default { fetch() { for (;;); } };'),
      validate(
        t,
        `export default (req, res) => { res.end('x'); setTimeout(() => { throw new Error('stray'); }); };`,
      ),
    ]);
    assert.deepEqual([loop.code, stray.code], [1, 1]);
    assert.match(loop.said, /^mend {2}the event loop has not turned for 2 s$/m);
    assert.match(loop.said, /^ {6}.*app\.mjs:1/m);
    assert.match(stray.said, /^mend {2}an error outside of any request ended the worker/m);
    assert.match(stray.log, /Error: stray\n +at .*app\.mjs:1/);
  });
});

test('a signal ends it at once', async (t) => {
  const source = `export default { fetch() { console.error('asked'); return new Promise(() => {}); } };`;
  const pool = spawnPool(t, { files: { 'app.mjs': source }, args: ['--validate', 'app'] });
  await pool.sees(/asked/);
  pool.signal('SIGINT');
  assert.equal(await pool.exited, 1);
  assert.match(pool.stdout, /^interrupted$/m);
  assert.doesNotMatch(pool.stdout, /not answered in time/);
});

test('one that does not end, or shows its stack, is told so', async (t) => {
  const [late, loud] = await Promise.all([
    validate(
      t,
      `export default { fetch(request, gateway) {
        gateway.waitUntil(new Promise(() => {})); return new Response('x'); } };`,
      ['--graceful-timeout', '1'],
    ),
    validate(
      t,
      `export default (req, res) => {
        res.statusCode = req.url === '/' ? 200 : 404; res.end(new Error('x').stack); };`,
    ),
  ]);
  assert.deepEqual([late.code, loud.code], [1, 1]);
  assert.deepEqual(lines(late.said, 'mend'), [
    'mend  it does not end within graceful_timeout, 1 s',
  ]);
  assert.deepEqual(lines(loud.said, 'mend'), ['mend  an error page shows a stack']);
});
