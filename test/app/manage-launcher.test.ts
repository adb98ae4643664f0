/** `npm run manage` under the Node.js of a machine that is older than the site needs. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const LAUNCHER = join(import.meta.dirname, '..', '..', 'app', 'manage.js');
const OLD = "Object.defineProperty(process, 'versions', { value: { node: '18.0.0' } });";

const project = mkdtempSync(join(tmpdir(), 'tandem-manage-'));
after(() => rmSync(project, { recursive: true }));
mkdirSync(join(project, 'app'));
copyFileSync(LAUNCHER, join(project, 'app', 'manage.js'));

function manage(...words: readonly string[]) {
  const preload = ['--import', `data:text/javascript,${OLD}`];
  const file = join(project, 'app', 'manage.js');
  return spawnSync(process.execPath, [...preload, file, ...words], { encoding: 'utf8' });
}

test('before npm ci it says what to do', () => {
  const { stderr, status } = manage('migrate');
  assert.equal(
    stderr,
    'the site needs Node.js 24.20 or newer; this is 18.0.0.\n' +
      'Run npm ci, which installs it, then the same command again\n',
  );
  assert.equal(status, 1);
});

test('after npm ci the Node.js of the project runs the command, words and exit code pass through', () => {
  const folder = join(project, 'node_modules', 'node', 'bin');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'node'), '#!/bin/sh\necho "$@"\nexit 3\n');
  chmodSync(join(folder, 'node'), 0o755);
  const { stdout, status } = manage('routes', '--x', 'a b');
  assert.equal(stdout, `${join(project, 'app', 'manage.ts')} routes --x a b\n`);
  assert.equal(status, 3);
});

test('where packages are missing it says so', () => {
  writeFileSync(join(project, 'app', 'manage.ts'), "import 'nosuch-package';");
  const file = join(project, 'app', 'manage.js');
  const { stderr, status } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  assert.equal(stderr, "Cannot find package 'nosuch-package': run npm ci first\n");
  assert.equal(status, 1);
});
