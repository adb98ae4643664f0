/** Files on disk as they change between two requests, and large ones to slow readers. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Front } from '../harness/front.ts';
import { startProxy } from '../harness/proxy.ts';
import { field, get, RawClient } from '../harness/raw-client.ts';

const HTTP = `
server {
  listen 127.0.0.1:8080; root files;
  location /cached/ { alias files/; open_file_cache max=100; open_file_cache_valid 1h; }
}`;

suite('files on disk', () => {
  let front: Front;
  const path = (name: string): string => join(front.folder, 'files', name);
  before(async () => {
    // Root may read every file, its workers as nobody may not.
    const main = process.geteuid?.() === 0 ? 'user nobody nogroup;' : '';
    front = await startProxy(HTTP, { files: { 'files/a.txt': 'one' }, main });
  });
  after(() => front.stop());

  async function said(name: string): Promise<string> {
    const { status, content } = await front.ask(get(`/${name}`));
    return status === 200 ? content : String(status);
  }

  for (const length of [3, 70_000]) {
    test(`a change of a file of ${length} bytes shows in the next request`, async () => {
      const text = (letter: string): string => letter.repeat(length);
      writeFileSync(path('b.txt'), text('a'));
      assert.equal(await said('b.txt'), text('a'));
      // Settled, so that it is kept in memory.
      utimesSync(path('b.txt'), 1_700_000_000, 1_700_000_000);
      await pause(60);
      for (let turn = 0; turn < 3; turn++) assert.equal(await said('b.txt'), text('a'));
      for (const letter of 'bcdefgh') {
        writeFileSync(path('b.txt'), text(letter));
        assert.equal(await said('b.txt'), text(letter));
      }
      writeFileSync(path('b.txt'), 'shorter');
      assert.equal(await said('b.txt'), 'shorter');
      writeFileSync(path('new.txt'), text('n'));
      renameSync(path('new.txt'), path('b.txt'));
      assert.equal(await said('b.txt'), text('n'));
      rmSync(path('b.txt'));
      assert.equal(await said('b.txt'), '404');
      writeFileSync(path('b.txt'), text('z'));
      assert.equal(await said('b.txt'), text('z'));
      rmSync(path('b.txt'));
    });

    test(`a file of ${length} bytes that may not be read any more is 403`, async () => {
      writeFileSync(path('secret.txt'), 's'.repeat(length));
      assert.equal((await said('secret.txt')).length, length);
      chmodSync(path('secret.txt'), 0);
      assert.equal(await said('secret.txt'), '403');
      rmSync(path('secret.txt'));
    });
  }

  test('with open_file_cache a change of a large file is never mixed with its old length', async () => {
    writeFileSync(path('large.bin'), 'a'.repeat(200_000));
    assert.equal((await front.ask(get('/cached/large.bin'))).content.length, 200_000);
    writeFileSync(path('large.bin'), 'b'.repeat(100_000));
    const answer = await front.ask(get('/cached/large.bin'));
    assert.equal(answer.content, 'b'.repeat(100_000));
    rmSync(path('large.bin'));
  });

  test('with open_file_cache a small file stays as it was for its time', async () => {
    writeFileSync(path('kept.txt'), 'old');
    await pause(60);
    for (let turn = 0; turn < 3; turn++) await front.ask(get('/cached/kept.txt'));
    writeFileSync(path('kept.txt'), 'new');
    assert.equal((await front.ask(get('/cached/kept.txt'))).content, 'old');
    rmSync(path('kept.txt'));
  });

  test('a large file goes to a slow reader whole, in bounded memory', async () => {
    const bytes = 100 * 1024 * 1024;
    const fd = openSync(path('huge.bin'), 'w');
    ftruncateSync(fd, bytes);
    closeSync(fd);
    const client = await RawClient.connect(front.port());
    let received = 0;
    client.socket.removeAllListeners('data').on('data', (chunk: string) => {
      received += chunk.length;
    });
    const first = new Promise((resolve) => client.socket.once('data', resolve));
    client.send(get('/huge.bin'));
    await first;
    client.socket.pause();
    const worker = workerOf(front.pid);
    // The sender has filled the socket's buffers once its memory and the count stand still.
    await pause(200);
    const waiting = memoryOf(worker);
    client.socket.resume();
    await new Promise((resolve) => client.socket.once('close', resolve));
    assert.ok(received > bytes, `${received} bytes came`);
    const grown = Math.max(waiting, memoryOf(worker));
    assert.ok(grown < 250, `the worker took ${grown} MB`);
    rmSync(path('huge.bin'));
  });

  test('a file that shrinks while it is sent breaks the connection', async () => {
    writeFileSync(path('shrinking.bin'), 'x'.repeat(20 * 1024 * 1024));
    const client = await RawClient.connect(front.port());
    const first = new Promise((resolve) => client.socket.once('data', resolve));
    client.send(get('/shrinking.bin'));
    await first;
    client.socket.pause();
    writeFileSync(path('shrinking.bin'), 'y');
    client.socket.resume();
    await assert.rejects(client.response(), /no whole response/);
    client.destroy();
    const [line] = await front.lines('error.log', (all) =>
      all.some((each) => each.includes('short')),
    );
    assert.ok(line !== undefined);
  });

  test('what is neither file nor folder is not served', async () => {
    const { execFileSync } = await import('node:child_process');
    execFileSync('mkfifo', [path('pipe')]);
    assert.equal(await said('pipe'), '404');
  });

  test('a dot file and an empty file are files', async () => {
    writeFileSync(path('.dot'), '');
    const answer = await front.ask(get('/.dot'));
    assert.deepEqual([answer.status, field(answer, 'content-length')], [200, '0']);
  });
});

/** The worker process of a master. */
function workerOf(pid: number): number {
  const [child = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  return Number(child);
}

/** Resident memory in MB. */
function memoryOf(pid: number): number {
  const [, pages = '0'] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
  return (Number(pages) * 4096) / 1024 / 1024;
}
