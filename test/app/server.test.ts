import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { databaseVariables, freshDatabase, temporaryFolder } from './database.ts';

/** Starts the application as a worker of the pool does, in a process of its own. */
async function start(environment: Readonly<Record<string, string>>) {
  const code = `const { startup, shutdown } = await import('./app/server.ts');
    await startup();
    await shutdown();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    cwd: join(import.meta.dirname, '..', '..'),
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { stderr: await text(child.stderr), code: await exit };
}

test('a worker that can keep no key does not start, and says what to set', async (t) => {
  const database = databaseVariables(await freshDatabase(t));
  const SECRET_KEY_FILE = join(await temporaryFolder(t), 'missing', 'key');
  const none = await start({ ...database, SECRET_KEY: '', SECRET_KEY_FILE });
  assert.equal(none.code, 1);
  assert.match(none.stderr, /cannot keep a secret key at ".*missing\/key": set SECRET_KEY, or/);
  const given = await start({ ...database, SECRET_KEY: 'given', SECRET_KEY_FILE });
  assert.equal(given.code, 0, given.stderr);
});
