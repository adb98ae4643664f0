import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { EnvFile } from './env-file.ts';

test('a variable of the environment wins, what the file lost goes, and a load can be undone', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'env-file-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, '.env');
  const environment: NodeJS.ProcessEnv = { OWN: 'kept' };
  const file = new EnvFile(path, environment);
  file.load();
  assert.deepEqual(environment, { OWN: 'kept' });
  writeFileSync(path, 'OWN=lost\nCOLOUR=red\nSHAPE=round\n');
  file.load();
  assert.deepEqual(environment, { OWN: 'kept', COLOUR: 'red', SHAPE: 'round' });
  writeFileSync(path, 'COLOUR=blue\n');
  const undo = file.load();
  assert.deepEqual(environment, { OWN: 'kept', COLOUR: 'blue' });
  undo();
  assert.deepEqual(environment, { OWN: 'kept', COLOUR: 'red', SHAPE: 'round' });
});
