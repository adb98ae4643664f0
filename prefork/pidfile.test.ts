import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { checkPidFile, PidFile, PidFileInUseError, readPid } from './pidfile.ts';

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'prefork-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Linux never gives out so high a number. */
const NOBODYS_PID = 2 ** 30;

test('it holds the pid and a newline, readable by all, and leaves no draft behind', (t) => {
  const folder = makeFolder(t);
  const path = join(folder, 'pid');
  new PidFile(path, 'overwrite');
  assert.equal(readFileSync(path, 'latin1'), `${process.pid}\n`);
  assert.equal(statSync(path).mode & 0o777, 0o644);
  assert.deepEqual(readdirSync(folder), ['pid']);
  assert.deepEqual(readPid(path), { pid: process.pid });
});

test('nginx’s rule replaces the file of a live process', (t) => {
  const path = join(makeFolder(t), 'pid');
  writeFileSync(path, `${process.ppid}\n`);
  new PidFile(path, 'overwrite');
  assert.deepEqual(readPid(path), { pid: process.pid });
});

/** Ends with the test. It says "open" once it holds the file that its argument names. */
async function startHolder(t: TestContext, path: string): Promise<number> {
  const code = `const { openSync } = require('node:fs'); openSync(process.argv[1], 'r');
    console.log('open'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', code, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child.pid!;
}

test('Gunicorn’s rule refuses the file that a live process holds, and leaves it', async (t) => {
  const path = join(makeFolder(t), 'pid');
  writeFileSync(path, '');
  const pid = await startHolder(t, path);
  writeFileSync(path, `${pid}\n`);
  for (const claim of [() => new PidFile(path, 'refuse'), () => checkPidFile(path, 'refuse')]) {
    assert.throws(claim, (error) => {
      assert.ok(error instanceof PidFileInUseError);
      assert.equal(error.message, `Already running on PID ${pid} (or pid file '${path}' is stale)`);
      return true;
    });
  }
  assert.deepEqual(readPid(path), { pid });
});

test('Gunicorn’s rule takes over the file of a live process that does not hold it', async (t) => {
  const folder = makeFolder(t);
  const [path, other] = [join(folder, 'pid'), join(folder, 'other')];
  writeFileSync(other, '');
  const stranger = await startHolder(t, other);
  for (const pid of [stranger, process.ppid]) {
    writeFileSync(path, `${pid}\n`);
    checkPidFile(path, 'refuse');
    assert.deepEqual(readPid(path), { pid }, 'a check writes nothing');
    new PidFile(path, 'refuse').remove();
    assert.ok(!existsSync(path));
  }
});

test('a check finds what a write would fail on, and leaves no file', (t) => {
  const folder = makeFolder(t);
  checkPidFile(join(folder, 'pid'), 'overwrite');
  assert.deepEqual(readdirSync(folder), []);
  assert.throws(() => checkPidFile(folder, 'overwrite'), { code: 'EISDIR' });
  assert.throws(() => checkPidFile(join(folder, 'none', 'pid'), 'overwrite'), { code: 'ENOENT' });
});

test('Gunicorn’s rule takes over a file of a dead process, of none, and its own', (t) => {
  const path = join(makeFolder(t), 'pid');
  for (const text of [`${NOBODYS_PID}\n`, 'rubbish\n', '', `${process.pid}\n`]) {
    writeFileSync(path, text);
    new PidFile(path, 'refuse');
    assert.deepEqual(readPid(path), { pid: process.pid });
  }
});

test('it is removed while it is still ours, and left where another has it', (t) => {
  const folder = makeFolder(t);
  const [ours, taken] = [join(folder, 'ours'), join(folder, 'taken')];
  const files = [new PidFile(ours, 'overwrite'), new PidFile(taken, 'overwrite')];
  writeFileSync(taken, '1\n');
  for (const file of files) file.remove();
  assert.ok(!existsSync(ours));
  assert.ok(existsSync(taken));
  files[0]?.remove(); // Gone already: nothing to do.
});

test('it is renamed for an upgrade and back', (t) => {
  const path = join(makeFolder(t), 'pid');
  const file = new PidFile(path, 'overwrite');
  file.rename(`${path}.oldbin`);
  assert.deepEqual([existsSync(path), existsSync(`${path}.oldbin`)], [false, true]);
  file.rename(path);
  assert.deepEqual([existsSync(path), existsSync(`${path}.oldbin`)], [true, false]);
});

test('a device is written to and never replaced', () => {
  const file = new PidFile('/dev/null', 'overwrite');
  file.remove();
  assert.ok(statSync('/dev/null').isCharacterDevice());
});

test('a file made for a user in a folder that takes no other is written in place', (t) => {
  const folder = makeFolder(t);
  const path = join(folder, 'pid');
  writeFileSync(path, 'longer than a pid\n');
  chmodSync(path, 0o666);
  chmodSync(folder, 0o555);
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65534); // Permissions mean nothing to root.
  try {
    checkPidFile(path, 'refuse');
    new PidFile(path, 'refuse');
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(folder, 0o755);
  }
  assert.equal(readFileSync(path, 'latin1'), `${process.pid}\n`);
});

test('a symbolic link stays and its target is written', (t) => {
  const folder = makeFolder(t);
  writeFileSync(join(folder, 'target'), '');
  symlinkSync('target', join(folder, 'link'));
  new PidFile(join(folder, 'link'), 'overwrite');
  assert.deepEqual(readPid(join(folder, 'target')), { pid: process.pid });
});

test('what is no pid is told as it stands, a missing file is an error', (t) => {
  const path = join(makeFolder(t), 'pid');
  for (const text of ['', 'abc', '0', '-5', '12 ']) {
    writeFileSync(path, `${text}\n`);
    assert.deepEqual(readPid(path), { invalid: text });
  }
  assert.throws(() => readPid(`${path}.none`), { code: 'ENOENT' });
  assert.throws(() => new PidFile(join(path, 'x'), 'overwrite'), { code: 'ENOTDIR' });
});
