import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadCases, runCase } from './cases.ts';
import { testWithRows } from './fronts.ts';
import { TEST_MODULES } from './rows.ts';

const names = new Set(TEST_MODULES.flatMap(({ rows }) => rows.map((row) => row.name)));
const test = testWithRows(TEST_MODULES);

describe('the configuration language says what its golden cases say', () => {
  for (const config of loadCases()) {
    it(`${config.source}: ${config.name}`, () => {
      for (const name of config.needs) assert.ok(names.has(name), `rows.ts has no "${name}"`);
      runCase(config, test);
    });
  }
});
