import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isAlive, readPid } from '../../prefork/pidfile.ts';
import { gone, MasterProcess } from './master-process.ts';
import { ask, makeFolder } from './serving.ts';

test('the starter exits 0 once the daemon serves, and the daemon lives on', async (t) => {
  const folder = makeFolder(t);
  const socket = join(folder, 's');
  const pidFile = join(folder, 'pid');
  const starter = new MasterProcess(t, { socket, pidFile, daemon: true });
  assert.equal(await starter.exitCode(), 0);
  assert.equal(starter.stderr, '');
  const content = readPid(pidFile);
  assert.ok('pid' in content);
  t.after(() => {
    if (isAlive(content.pid)) process.kill(content.pid, 'SIGTERM');
  });
  assert.notEqual(content.pid, starter.child.pid);
  const answer = await ask({ socketPath: socket });
  assert.ok(answer.pid > 0);
  process.kill(content.pid, 'SIGTERM');
  await gone(content.pid);
  assert.ok(!existsSync(pidFile));
});

test('the starter exits with the code and the words of a daemon that fails', async (t) => {
  const socket = join(makeFolder(t), 's');
  const starter = new MasterProcess(t, { socket, daemon: true, failWith: 4 });
  assert.equal(await starter.exitCode(), 4);
  assert.match(starter.stderr, /worker failed to boot: cannot start/);
});

test('an error nobody catches in the daemon is shown where it was started', async (t) => {
  const socket = join(makeFolder(t), 's');
  const starter = new MasterProcess(t, { socket, daemon: true, throwInMaster: true });
  assert.equal(await starter.exitCode(), 1);
  assert.match(starter.stderr, /the master broke/);
});
