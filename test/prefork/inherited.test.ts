import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { BoundSocket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bequeath, inherit, takeSystemdDescriptors } from '../../prefork/inherited.ts';
import { ask, bindOne, makeFolder, makeMaster } from './serving.ts';

const SCRIPT = fileURLToPath(new URL('./fixtures/adopting-master.ts', import.meta.url));

test('sockets of LISTEN_FDS are adopted with their addresses and never unlinked', async (t) => {
  const path = join(makeFolder(t), 's');
  const tcp = new BoundSocket({ host: '127.0.0.1', port: 0 });
  const unix = new BoundSocket({ path } as object);
  t.after(() => {
    tcp.close();
    unix.close();
  });
  // The shell keeps its pid over exec, as systemd's child does.
  const command = 'LISTEN_PID=$$ LISTEN_FDS=2 exec "$0" "$1"';
  const child = spawn('/bin/sh', ['-c', command, process.execPath, SCRIPT], {
    stdio: ['ignore', 'pipe', 'inherit', tcp.fd(), unix.fd()],
  });
  t.after(() => child.exitCode ?? child.kill('SIGKILL'));
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  const { pid, specs, left } = JSON.parse(line);
  const { port } = tcp.address();
  const address = { kind: 'tcp', host: '127.0.0.1', port, ipv6Only: false, reusePort: false };
  if (process.platform === 'linux') {
    assert.deepEqual(specs, [
      { ...address, backlog: 8 },
      { kind: 'unix', path, backlog: 8 },
    ]);
  }
  assert.equal((await ask({ host: '127.0.0.1', port })).pid, pid);
  assert.equal((await ask({ socketPath: path })).pid, pid);
  assert.ok(!left.some((name: string) => name.startsWith('LISTEN_')));
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
  assert.ok(existsSync(path));
});

test('LISTEN_FDS meant for another process is not ours, and is not passed on', () => {
  const env = { LISTEN_PID: String(process.ppid), LISTEN_FDS: '2', LISTEN_FDNAMES: 'a:b' };
  assert.deepEqual(takeSystemdDescriptors(env), []);
  assert.deepEqual(env, {});
  for (const count of ['0', 'x', '-1']) {
    const ours = { LISTEN_PID: String(process.pid), LISTEN_FDS: count };
    assert.deepEqual(takeSystemdDescriptors(ours), []);
  }
});

test('what a master bequeaths is inherited with keys, specs and shifted descriptors', async (t) => {
  const master = makeMaster(t);
  await bindOne(master);
  const { descriptors, text } = bequeath(master.listeners.all, 7);
  assert.deepEqual(descriptors, master.listeners.all[0]?.descriptors);
  const [heir] = inherit(text);
  assert.equal(heir?.key, 'tcp:127.0.0.1:0');
  assert.deepEqual(heir?.spec, master.listeners.all[0]?.spec);
  assert.deepEqual(heir?.descriptors, [7]);
  assert.throws(() => inherit('{}'), SyntaxError);
});
