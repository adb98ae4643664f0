/** Symbolic links are followed, as nginx does unless disable_symlinks is given; that is refused here. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Front } from '../harness/front.ts';
import { lacksNginx } from '../harness/nginx.ts';
import { assertSame, startPair } from '../harness/parity.ts';
import { judgeHere, startProxy } from '../harness/proxy.ts';

const HTTP = 'server { listen 127.0.0.1:8080; location / { root site; } }';
const PATHS = ['/out', '/folder/secret', '/self', '/gone', '/a', '/up/secret', '/up/../a'];

function makeLinks({ folder }: Front): void {
  writeFileSync(join(folder, 'secret'), 'secret');
  mkdirSync(join(folder, 'elsewhere'));
  writeFileSync(join(folder, 'elsewhere', 'secret'), 'elsewhere');
  const links = {
    out: '../secret',
    folder: '../elsewhere',
    self: 'self',
    gone: 'nothing',
    up: '..',
  };
  for (const [name, to] of Object.entries(links)) symlinkSync(to, join(folder, 'site', name));
}

function request(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
}

test('links are followed, loops and dead ends are errors, as in nginx', {
  skip: lacksNginx(),
}, async (t) => {
  const pair = await startPair(HTTP, { files: { 'site/a': 'a' } });
  t.after(() => pair.stop());
  makeLinks(pair.nginx);
  makeLinks(pair.tandem);
  const answers = [];
  for (const path of PATHS) {
    const { status, content } = await assertSame(pair, request(path));
    answers.push([path, status, status === 200 ? content : '']);
  }
  assert.deepEqual(answers.slice(0, 2), [
    ['/out', 200, 'secret'],
    ['/folder/secret', 200, 'elsewhere'],
  ]);
  assert.deepEqual(answers.at(-1), ['/up/../a', 200, 'a']);
});

test('a link that is turned elsewhere is followed anew, a removed one is not', async (t) => {
  const front = await startProxy(HTTP, { files: { 'site/a': 'a', other: 'other', secret: 'x' } });
  t.after(() => front.stop());
  const link = join(front.folder, 'site', 'turned');
  symlinkSync('../secret', link);
  assert.equal((await front.ask(request('/turned'))).content, 'x');
  rmSync(link);
  assert.equal((await front.ask(request('/turned'))).status, 404);
  symlinkSync('../other', link);
  assert.equal((await front.ask(request('/turned'))).content, 'other');
});

test('disable_symlinks is refused at load: nobody believes to be guarded by it', () => {
  const { code, lines } = judgeHere(`disable_symlinks on; ${HTTP}`);
  assert.equal(code, 1);
  assert.match(lines[0] ?? '', /\[emerg\] directive "disable_symlinks" .* is not supported/);
});
