import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

test('several processes that make the key at once have one, for their user alone', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-key-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'key');
  const code = `import { readOrMakeSecretKey } from './secret-key.ts';
    console.log(readOrMakeSecretKey(${JSON.stringify(path)}));`;
  const keys = await Promise.all(
    Array.from({ length: 4 }, () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
        cwd: import.meta.dirname,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      return text(child.stdout);
    }),
  );
  assert.match(keys[0] ?? '', /^[\w-]{64}\n$/);
  assert.equal(new Set(keys).size, 1);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(folder), ['key']);
});
