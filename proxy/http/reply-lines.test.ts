import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dropLines, lineValue } from './reply-lines.ts';

const LINES = 'X-A: 1\r\nCache-Control: private\r\nExpires: x\r\ncache-control: b\r\n';

describe('field lines', () => {
  it('are dropped by name in any case, all of them', () => {
    assert.equal(dropLines(LINES, ['cache-control']), 'X-A: 1\r\nExpires: x\r\n');
    assert.equal(dropLines(LINES, ['cache-control', 'expires', 'x-a']), '');
    assert.equal(dropLines(LINES, ['x']), LINES);
    assert.equal(dropLines('', ['x']), '');
  });

  it('tell the value of the first of a name', () => {
    assert.equal(lineValue(LINES, 'cache-control'), 'private');
    assert.equal(lineValue(LINES, 'x-a'), '1');
    assert.equal(lineValue(LINES, 'x-'), undefined);
    assert.equal(lineValue('', 'x'), undefined);
  });

  it('are not found inside a value', () => {
    assert.equal(lineValue('A: expires: x\r\n', 'expires'), undefined);
  });
});
