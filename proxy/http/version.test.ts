import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SERVER_FULL, VERSION } from './version.ts';

test('the version is that of package.json', () => {
  const path = join(import.meta.dirname, '..', '..', 'package.json');
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string };
  assert.equal(VERSION, version);
  assert.equal(SERVER_FULL, `tandem/${version}`);
});
