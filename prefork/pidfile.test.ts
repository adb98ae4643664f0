import assert from 'node:assert/strict';
import {
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
import { PidFile, PidFileInUseError, readPid } from './pidfile.ts';

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

test('Gunicorn’s rule refuses the file of a live process and leaves it', (t) => {
  const path = join(makeFolder(t), 'pid');
  writeFileSync(path, `${process.ppid}\n`);
  assert.throws(
    () => new PidFile(path, 'refuse'),
    (error) => {
      assert.ok(error instanceof PidFileInUseError);
      assert.equal(
        error.message,
        `Already running on PID ${process.ppid} (or pid file '${path}' is stale)`,
      );
      return true;
    },
  );
  assert.deepEqual(readPid(path), { pid: process.ppid });
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
