import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ListenerSet } from './listeners.ts';
import type { UnixListenerSpec } from './types.ts';

function makeSet(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'prefork-'));
  const set = new ListenerSet();
  t.after(() => {
    set.close(true);
    rmSync(folder, { recursive: true, force: true });
  });
  const spec = (name: string, more: Partial<UnixListenerSpec> = {}): UnixListenerSpec => ({
    kind: 'unix',
    path: join(folder, name),
    backlog: 8,
    ...more,
  });
  return { set, spec };
}

test('old and new stand side by side until the change is committed', async (t) => {
  const { set, spec } = makeSet(t);
  const [a, b, c] = [spec('a'), spec('b'), spec('c')];
  (await set.prepare([a, b], 1)).commit();
  const kept = set.get(`unix:${b.path}`);
  const change = await set.prepare([b, c], 1);
  assert.deepEqual(change.keys, [`unix:${b.path}`, `unix:${c.path}`]);
  assert.ok(existsSync(a.path) && existsSync(c.path));
  change.commit();
  assert.ok(!existsSync(a.path) && existsSync(c.path));
  assert.equal(set.get(`unix:${b.path}`), kept);
});

test('a change that is rolled back closes what is new and keeps the former options', async (t) => {
  const { set, spec } = makeSet(t);
  const [a, b] = [spec('a'), spec('b')];
  (await set.prepare([a], 1)).commit();
  const change = await set.prepare([spec('a', { backlog: 99 }), b], 1);
  assert.equal(set.get(`unix:${a.path}`)?.spec.backlog, 99);
  change.rollback();
  assert.equal(set.get(`unix:${a.path}`)?.spec.backlog, 8);
  assert.deepEqual(
    set.all.map(({ key }) => key),
    [`unix:${a.path}`],
  );
  assert.ok(existsSync(a.path) && !existsSync(b.path));
});

test('one that fails leaves the others bound, and may be tried again', async (t) => {
  const { set, spec } = makeSet(t);
  const other = makeSet(t).set;
  const [a, b] = [spec('a'), spec('b')];
  (await other.prepare([b], 1)).commit();
  const change = await set.prepare([a, b], 1);
  assert.deepEqual(
    change.failures.map(({ spec: { kind }, code }) => [kind, code]),
    [['unix', 'EADDRINUSE']],
  );
  other.close(true);
  await change.retry();
  assert.deepEqual(change.failures, []);
  assert.equal(set.all.length, 2);
});

test('a committed change gives a kept socket file its new mode', async (t) => {
  const { set, spec } = makeSet(t);
  (await set.prepare([spec('a', { mode: 0o600 })], 1)).commit();
  (await set.prepare([spec('a', { mode: 0o666 })], 1)).commit();
  assert.equal(statSync(spec('a').path).mode & 0o777, 0o666);
});
