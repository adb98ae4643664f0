import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderSettingsDoc } from './doc.ts';
import { MISSING_SETTINGS } from './not-yet.ts';
import { SETTINGS } from './table.ts';

test('docs/settings.md is fresh (npm run docs writes it)', () => {
  const path = join(import.meta.dirname, '..', '..', 'docs', 'settings.md');
  assert.equal(readFileSync(path, 'utf8'), renderSettingsDoc());
});

test('every setting has its block, and every missing one is named', () => {
  const page = renderSettingsDoc();
  for (const { name } of SETTINGS) assert.ok(page.includes(`\n### ${name}\n`), name);
  for (const { name } of MISSING_SETTINGS) assert.ok(page.includes(`\`${name}\``), name);
});
