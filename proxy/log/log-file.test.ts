import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { codeOf } from '../config/paths.ts';
import { LogFile, LogFiles } from './log-file.ts';

suite('log files', () => {
  let folder = '';
  let count = 0;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'tandem-log-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  function openFile(): LogFile {
    const file = new LogFile(join(folder, `${++count}.log`));
    file.open();
    return file;
  }

  function read(file: LogFile): string {
    return readFileSync(file.path, 'latin1');
  }

  test('a line is written at once', () => {
    const file = openFile();
    file.write('line \xe9\n');
    assert.equal(read(file), 'line \xe9\n');
    file.close();
  });

  test('a buffer is written when the next line would not fit', () => {
    const file = openFile();
    assert.ok(file.buffer(10, 0));
    file.write('12345\n');
    file.write('123\n');
    assert.equal(read(file), '');
    file.write('x\n');
    assert.equal(read(file), '12345\n123\n');
    file.close();
    assert.equal(read(file), '12345\n123\nx\n');
  });

  test('a line longer than the buffer follows what the buffer held', () => {
    const file = openFile();
    file.buffer(4, 0);
    file.write('a\n');
    file.write('a long line\n');
    assert.equal(read(file), 'a\na long line\n');
    file.close();
  });

  test('a buffer is written when its time has passed since the first line', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const file = openFile();
    file.buffer(1000, 500);
    file.write('a\n');
    t.mock.timers.tick(400);
    file.write('b\n');
    assert.equal(read(file), '');
    t.mock.timers.tick(100);
    assert.equal(read(file), 'a\nb\n');
    file.close();
  });

  test('a file has one buffer', () => {
    const file = new LogFile('x');
    assert.ok(file.buffer(10, 1));
    assert.ok(file.buffer(10, 1));
    assert.ok(!file.buffer(10, 2));
    assert.ok(!file.buffer(20, 1));
  });

  test('reopening writes the buffer to the file that was moved away', () => {
    const file = openFile();
    file.buffer(100, 0);
    file.write('old\n');
    renameSync(file.path, `${file.path}.1`);
    file.reopen();
    file.write('new\n');
    file.flush();
    assert.equal(readFileSync(`${file.path}.1`, 'latin1'), 'old\n');
    assert.equal(read(file), 'new\n');
    file.close();
  });

  test('a write that fails is told and loses the line only', () => {
    const file = new LogFile('/dev/full');
    file.open();
    file.write('lost\n');
    assert.equal(codeOf(file.failure), 'ENOSPC');
    file.close();
  });

  test('a pipe without room holds the thread for a moment, then loses lines', () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const end = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const file = new LogFile(`/proc/self/fd/${end}`);
    // Opened anew it blocks; take the non-blocking end as Node's own pipes are.
    Object.assign(file, { fd: end });
    const line = `${'x'.repeat(4095)}\n`;
    for (let i = 0; i < 100 && file.failure === undefined; i++) file.write(line);
    assert.match(String(file.failure), /too slow/);
    file.failure = undefined;
    const before = performance.now();
    for (let i = 0; i < 10; i++) file.write(line);
    assert.ok(performance.now() - before < 100, 'a stalled pipe must not hold the thread again');
    assert.notEqual(file.failure, undefined);
    closeSync(end);
  });

  test('reopening keeps the old file where the new one cannot be opened', () => {
    const files = new LogFiles();
    const file = files.file(join(folder, 'kept.log'));
    files.openAll();
    Object.assign(file, { path: join(folder, 'absent', 'kept.log') });
    const failed: string[] = [];
    files.reopen((path) => failed.push(path));
    file.write('still here\n');
    assert.deepEqual(failed, [file.path]);
    assert.equal(readFileSync(join(folder, 'kept.log'), 'latin1'), 'still here\n');
    files.close();
  });
});
