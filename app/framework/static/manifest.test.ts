import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MANIFEST_NAME, manifestText, readManifest, staticAddresses } from './manifest.ts';

test('without a manifest a file has the address of its own name', () => {
  const addressOf = staticAddresses('/static/', undefined);
  assert.equal(addressOf('polls/polls.css'), '/static/polls/polls.css');
  assert.equal(addressOf('a b?.svg#x'), '/static/a%20b?.svg#x');
});

test('with a manifest it has that of its hashed name; query, fragment and folders stay', () => {
  const addressOf = staticAddresses('/static/', { 'a/icons.svg': 'a/icons.123.svg' });
  assert.equal(addressOf('a/icons.svg'), '/static/a/icons.123.svg');
  assert.equal(addressOf('a/icons.svg?v=1#heart'), '/static/a/icons.123.svg?v=1#heart');
  assert.equal(addressOf('a/'), '/static/a/');
  assert.equal(addressOf(''), '/static/');
});

test('a name that the manifest lacks is an error', () => {
  const addressOf = staticAddresses('/static/', { 'a.css': 'a.123.css' });
  for (const name of ['b.css', 'constructor']) {
    assert.throws(() => addressOf(name), /manifest of the static files has no ".*": run/, name);
  }
});

test('a manifest is read as it was written, and a broken one is refused', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-manifest-'));
  t.after(() => rmSync(folder, { recursive: true }));
  assert.equal(readManifest(folder), undefined);
  writeFileSync(join(folder, MANIFEST_NAME), manifestText({ 'a.css': 'a.1.css' }));
  assert.deepEqual(readManifest(folder), { 'a.css': 'a.1.css' });
  for (const text of ['{"version": 1, "pat', '{"version": 2, "paths": {}}', '{"version": 1}']) {
    writeFileSync(join(folder, MANIFEST_NAME), text);
    assert.throws(() => readManifest(folder), /is no manifest.*: run collectstatic/, text);
  }
});
