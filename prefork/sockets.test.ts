import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { BoundSocket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { bindListener, isBound, listenerKey, UNIX_PATH_LIMIT_BYTES } from './sockets.ts';
import type { BindFailure, TcpListenerSpec, UnixListenerSpec } from './types.ts';

const LOOPBACK: TcpListenerSpec = {
  kind: 'tcp',
  host: '127.0.0.1',
  port: 0,
  ipv6Only: true,
  reusePort: false,
  backlog: 8,
};

function unixSpec(t: TestContext, more: Partial<UnixListenerSpec> = {}): UnixListenerSpec {
  const folder = mkdtempSync(join(tmpdir(), 'prefork-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return { kind: 'unix', path: join(folder, 's'), backlog: 8, ...more };
}

async function bound(t: TestContext, spec: TcpListenerSpec | UnixListenerSpec, threads = 1) {
  const listener = await bindListener(spec, threads);
  assert.ok(isBound(listener));
  t.after(() => listener.close(true));
  return listener;
}

async function refused(spec: TcpListenerSpec | UnixListenerSpec): Promise<BindFailure> {
  const failure = await bindListener(spec, 1);
  assert.ok(!isBound(failure));
  return failure;
}

test('a port of 0 becomes the one the kernel chose', async (t) => {
  const listener = await bound(t, LOOPBACK);
  assert.ok(listener.spec.kind === 'tcp' && listener.spec.port > 0);
  assert.equal(listener.key, 'tcp:127.0.0.1:0');
});

test('a port in use is EADDRINUSE with the number and the words of the system', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const spec = { ...LOOPBACK, port: address.port };
  const failure = await refused(spec);
  assert.deepEqual(failure.spec, spec);
  assert.equal(failure.code, 'EADDRINUSE');
  assert.equal(failure.message, 'Address already in use');
  assert.equal(failure.syscall, 'bind');
  if (process.platform === 'linux') assert.equal(failure.errno, 98);
});

test('an address of another machine is EADDRNOTAVAIL in the words of glibc', async () => {
  const failure = await refused({ ...LOOPBACK, host: '192.0.2.1' });
  assert.equal(failure.code, 'EADDRNOTAVAIL');
  assert.equal(failure.message, 'Cannot assign requested address');
});

test('reusePort keeps one socket per thread, all on one port', async (t) => {
  const listener = await bound(t, { ...LOOPBACK, reusePort: true }, 3);
  assert.equal(new Set(listener.descriptors).size, 3);
  listener.grow(4);
  assert.equal(listener.descriptors.length, 4);
  listener.shrink(2);
  assert.equal(listener.descriptors.length, 2);
});

test('without reusePort there is one socket, whatever the threads', async (t) => {
  const listener = await bound(t, LOOPBACK, 3);
  assert.equal(listener.grow(5), undefined);
  assert.equal(listener.descriptors.length, 1);
});

test('mode and umask set the permissions of a socket file', async (t) => {
  const before = process.umask();
  const open = await bound(t, unixSpec(t, { mode: 0o666 }));
  const closed = await bound(t, unixSpec(t, { umask: 0o117 }));
  assert.equal(modeOf(open.spec), 0o666);
  assert.equal(modeOf(closed.spec), 0o660);
  assert.equal(process.umask(), before);
});

test('a stale socket file is unlinked and bound anew', async (t) => {
  const spec = unixSpec(t);
  const path = JSON.stringify(spec.path);
  const script = `new (require('node:net').BoundSocket)({ path: ${path} }); process.exit()`;
  // process.exit leaves the file behind, as a kill does.
  assert.equal(spawnSync(process.execPath, ['-e', script]).status, 0);
  assert.ok(existsSync(spec.path));
  await bound(t, spec);
});

test('a socket file that somebody serves is refused and left alone', async (t) => {
  const spec = unixSpec(t);
  const server = createServer().listen(spec.path);
  t.after(() => server.close());
  await once(server, 'listening');
  const failure = await refused(spec);
  assert.equal(failure.code, 'EADDRINUSE');
  assert.ok(statSync(spec.path).isSocket());
});

const isLinux = process.platform === 'linux';

test('a socket bound by a live process that does not listen yet is not stale', {
  skip: !isLinux && 'known from /proc/net/unix only',
}, async (t) => {
  const spec = unixSpec(t);
  await bound(t, spec);
  assert.equal((await refused(spec)).code, 'EADDRINUSE');
});

test('what is no socket is refused by what it is, and left alone', async (t) => {
  const file = unixSpec(t);
  writeFileSync(file.path, 'precious');
  const folder = { ...file, path: dirname(file.path) };
  const link = { ...file, path: `${file.path}.link` };
  symlinkSync('nowhere', link.path);
  const kinds = [
    [file, 'a file'],
    [folder, 'a folder'],
    [link, 'a symbolic link'],
  ] as const;
  for (const [spec, kind] of kinds) {
    const failure = await refused(spec);
    assert.equal(failure.code, 'EADDRINUSE');
    assert.equal(failure.reason, `${spec.path} is ${kind}, not a socket`);
    assert.equal(failure.isFinal, true);
  }
  assert.equal(readFileSync(file.path, 'utf8'), 'precious');
  assert.ok(lstatSync(link.path).isSymbolicLink());
});

test('a path beyond sun_path is refused with both lengths', async () => {
  const path = `/tmp/${'x'.repeat(120)}`;
  const failure = await refused({ kind: 'unix', path, backlog: 8 });
  assert.equal(failure.code, 'ENAMETOOLONG');
  assert.match(
    failure.reason ?? '',
    new RegExp(`at most ${UNIX_PATH_LIMIT_BYTES} bytes, this has 125`),
  );
});

test('a folder that is missing is the system’s own error, and named', async (t) => {
  const spec = unixSpec(t);
  const path = join(spec.path, 'none', 's');
  const failure = await refused({ ...spec, path });
  assert.equal(failure.code, 'ENOENT');
  assert.equal(failure.message, 'No such file or directory');
  assert.equal(failure.reason, `the folder ${dirname(path)} does not exist`);
  assert.equal(failure.isFinal, undefined, 'somebody may make it');
});

test('closing unlinks the socket file only where told to', async (t) => {
  const kept = unixSpec(t);
  const removed = unixSpec(t);
  const [first, second] = [await bound(t, kept), await bound(t, removed)];
  first.close(false);
  second.close(true);
  assert.ok(existsSync(kept.path));
  assert.ok(!existsSync(removed.path));
});

test('closing leaves a socket file that another process has put in its place', async (t) => {
  const spec = unixSpec(t);
  const listener = await bound(t, spec);
  unlinkSync(spec.path);
  const other = new BoundSocket({ path: spec.path } as object);
  t.after(() => other.close());
  listener.close(true);
  assert.ok(existsSync(spec.path));
});

test('keys tell addresses apart and write IPv6 in brackets', () => {
  assert.equal(listenerKey({ ...LOOPBACK, host: '::', port: 80 }), 'tcp:[::]:80');
  assert.equal(listenerKey({ kind: 'unix', path: 'run/s', backlog: 1 }), 'unix:run/s');
});

function modeOf(spec: TcpListenerSpec | UnixListenerSpec): number {
  assert.ok(spec.kind === 'unix');
  return statSync(spec.path).mode & 0o777;
}
