import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { entryModule, threadpoolSize, workerEnvironment } from './environment.ts';
import type { WorkerSpec } from './types.ts';

const SPEC: WorkerSpec = {
  entry: new URL('file:///entry.js'),
  threads: 3,
  onThreadExit: 'exit',
};

test('the thread pool grows with the threads that share it', () => {
  assert.deepEqual([1, 2, 8, 1000].map(threadpoolSize), [4, 8, 32, 1024]);
  const env = workerEnvironment({ NODE_DISABLE_COMPILE_CACHE: '1' }, SPEC);
  assert.equal(env['UV_THREADPOOL_SIZE'], '12');
});

test('what the operator set is left alone', () => {
  const env = workerEnvironment({ UV_THREADPOOL_SIZE: '7', NODE_COMPILE_CACHE: '/x' }, SPEC);
  assert.equal(env['UV_THREADPOOL_SIZE'], '7');
  assert.equal(env['NODE_COMPILE_CACHE'], '/x');
});

test('the compile cache is a folder that only its user can write', (t) => {
  const home = mkdtempSync(join(tmpdir(), 'prefork-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const cache = workerEnvironment({ HOME: home }, SPEC)['NODE_COMPILE_CACHE'];
  assert.equal(cache, join(home, '.cache', 'tandem', 'compile'));
  assert.equal(statSync(cache).mode & 0o777, 0o700);
});

test('no cache is asked for where it is turned off or has no place', () => {
  const off = workerEnvironment({ NODE_DISABLE_COMPILE_CACHE: '1' }, SPEC);
  const nowhere = workerEnvironment({ HOME: '/dev/null' }, SPEC);
  assert.equal(off['NODE_COMPILE_CACHE'], undefined);
  assert.equal(nowhere['NODE_COMPILE_CACHE'], undefined);
});

test('the spec adds to the environment and takes away from it', () => {
  const spec = { ...SPEC, env: { ADDED: '1', SECRET: undefined } };
  const env = workerEnvironment({ SECRET: 's', KEPT: '2', HOME: '/dev/null' }, spec);
  assert.deepEqual([env['ADDED'], env['KEPT'], 'SECRET' in env], ['1', '2', false]);
});

test('an entry module is named from the folder of the project', () => {
  assert.equal(entryModule('prefork/worker').href, new URL('./worker.ts', import.meta.url).href);
});
