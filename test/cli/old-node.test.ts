/** What an old Node is told in a project where npm ran no install scripts. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../harness/site-folder.ts';

const OLD = "Object.defineProperty(process, 'versions', { value: { node: '20.20.2' } });";

test('an old Node beside the package node without its program is told to run its script', (t) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'old-node-')));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const path of ['tandem/bin', 'node'])
    mkdirSync(join(folder, 'node_modules', path), { recursive: true });
  const launcher = join(folder, 'node_modules', 'tandem', 'bin', 'version.js');
  cpSync(join(PROJECT, 'bin', 'version.js'), launcher);
  writeFileSync(join(folder, 'node_modules', 'tandem', 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'node_modules', 'node', 'package.json'), '{}');
  const words = ['--import', `data:text/javascript,${OLD}`, launcher];
  const { stderr, status } = spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8' });
  assert.equal(status, 1);
  assert.match(stderr, /\nnpm installed one without its program, .*: npm rebuild node /);
});
