import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeCase, loadDirectiveCases, testWithProxy } from './directive-cases.ts';

describe('the proxy says of directives what their cases say', () => {
  for (const config of loadDirectiveCases()) {
    it(`${config.source}: ${config.line}`, () => {
      assert.deepEqual(judgeCase(config, testWithProxy), config.expected);
    });
  }
});
