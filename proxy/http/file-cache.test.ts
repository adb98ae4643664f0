import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { CORE_DEFAULTS } from './core-defaults.ts';
import { fileInfo } from './file-cache.ts';

const folder = mkdtempSync(join(tmpdir(), 'file-cache-'));
after(() => rmSync(folder, { recursive: true }));

const PLAIN = CORE_DEFAULTS;
const CACHED = {
  ...CORE_DEFAULTS,
  open_file_cache: { max: 10, inactiveMs: 60_000 },
  open_file_cache_valid: 1000,
};

/** A file that is old enough to be kept in memory. */
async function settled(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  writeFileSync(path, text);
  while (fileInfo(path, PLAIN, 0).content === undefined) await pause(10);
  return path;
}

describe('fileInfo', () => {
  it('says what a path is', () => {
    mkdirSync(join(folder, 'dir'));
    writeFileSync(join(folder, 'file'), '12345');
    symlinkSync('file', join(folder, 'link'));
    symlinkSync('loop', join(folder, 'loop'));
    assert.ok(fileInfo(join(folder, 'dir'), PLAIN, 0).isDirectory);
    assert.equal(fileInfo(join(folder, 'file'), PLAIN, 0).size, 5);
    assert.ok(fileInfo(join(folder, 'link'), PLAIN, 0).isFile);
    assert.equal(fileInfo(join(folder, 'none'), PLAIN, 0).code, 'ENOENT');
    assert.equal(fileInfo(join(folder, 'loop'), PLAIN, 0).code, 'ELOOP');
    assert.equal(fileInfo(join(folder, 'x'.repeat(300)), PLAIN, 0).code, 'ENAMETOOLONG');
  });

  it('keeps a small file that has settled, and sees it change, go and come', async () => {
    const path = await settled('small', 'one');
    await nextTurn();
    assert.equal(fileInfo(path, PLAIN, 0).content, 'one');
    writeFileSync(path, 'two');
    await nextTurn();
    assert.notEqual(fileInfo(path, PLAIN, 0).content, 'one');
    unlinkSync(path);
    await nextTurn();
    assert.equal(fileInfo(path, PLAIN, 0).code, 'ENOENT');
    writeFileSync(path, 'three');
    assert.equal(fileInfo(path, PLAIN, 0).size, 5);
  });

  it('keeps no content that may change within the same tick of the clock of files', () => {
    const path = join(folder, 'fresh');
    for (const text of ['aaa', 'bbb', 'ccc']) {
      writeFileSync(path, text);
      assert.equal(fileInfo(path, PLAIN, 0).content, undefined, text);
    }
  });

  it('sees another file of the same size and time', async () => {
    const path = await settled('swapped', 'old');
    const other = join(folder, 'other');
    writeFileSync(other, 'new');
    utimesSync(other, 1_700_000_000, 1_700_000_000);
    utimesSync(path, 1_700_000_000, 1_700_000_000);
    renameSync(other, path);
    await nextTurn();
    assert.notEqual(fileInfo(path, PLAIN, 0).content, 'old');
  });

  it('looks once per turn of the event loop', async () => {
    const path = await settled('turn', 'one');
    await nextTurn();
    const first = fileInfo(path, PLAIN, 0);
    writeFileSync(path, 'two');
    assert.equal(fileInfo(path, PLAIN, 0), first);
    await nextTurn();
    assert.notEqual(fileInfo(path, PLAIN, 0), first);
  });

  it('looks as seldom as open_file_cache says', async () => {
    const path = await settled('cached', 'one');
    await nextTurn();
    fileInfo(path, CACHED, 1000);
    writeFileSync(path, 'two');
    await nextTurn();
    assert.equal(fileInfo(path, CACHED, 1999).content, 'one');
    await nextTurn();
    assert.notEqual(fileInfo(path, CACHED, 2000).content, 'one');
  });

  it('minds open_file_cache_min_uses', async () => {
    const twice = { ...CACHED, open_file_cache_min_uses: 3 };
    const path = await settled('uses', 'one');
    await nextTurn();
    fileInfo(path, twice, 1000);
    writeFileSync(path, 'two');
    await nextTurn();
    assert.notEqual(fileInfo(path, twice, 1001).content, 'one');
  });

  it('keeps failures with open_file_cache_errors alone', async () => {
    const path = join(folder, 'later');
    const errors = { ...CACHED, open_file_cache_errors: true };
    assert.equal(fileInfo(path, errors, 0).code, 'ENOENT');
    writeFileSync(path, 'x');
    await nextTurn();
    assert.equal(fileInfo(path, errors, 1).code, 'ENOENT');
    assert.equal(fileInfo(path, CACHED, 2).code, '');
  });
});
