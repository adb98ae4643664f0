import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { imfFixdate, parseHttpDate } from './date.ts';

const EXAMPLE = 784111777;

describe('HTTP dates', () => {
  it('all three forms are the same time', () => {
    for (const text of [
      'Sun, 06 Nov 1994 08:49:37 GMT',
      'Sunday, 06-Nov-94 08:49:37 GMT',
      'Sun Nov  6 08:49:37 1994',
    ]) {
      assert.equal(parseHttpDate(text), EXAMPLE);
    }
  });

  it('a two-digit year below 70 is of this century', () => {
    assert.equal(parseHttpDate('Saturday, 01-Jan-69 00:00:00 GMT'), Date.UTC(2069, 0, 1) / 1000);
    assert.equal(parseHttpDate('Thursday, 01-Jan-70 00:00:00 GMT'), 0);
  });

  for (const text of [
    '',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 UTC',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 31 Nov 1994 08:49:37 GMT',
    'Sun, 29 Feb 2023 08:49:37 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:37 GMT',
    'Sun, 06 Nov 1994 08:49:60 GMT',
    'Sun, 06 Nov 1969 08:49:37 GMT',
    'Sun, 06 nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 GMT; length=1',
  ]) {
    it(`"${text}" is no date`, () => {
      assert.equal(parseHttpDate(text), -1);
    });
  }

  it('what is formatted is what Date says, and is read back', () => {
    const seconds = fc.integer({ min: 0, max: 253402300799 });
    fc.assert(
      fc.property(seconds, (time) => {
        assert.equal(imfFixdate(time), new Date(time * 1000).toUTCString());
        assert.equal(parseHttpDate(imfFixdate(time)), time);
      }),
      { numRuns: 2000 },
    );
  });

  it('a fraction of a second is cut off', () => {
    assert.equal(imfFixdate(EXAMPLE + 0.9), 'Sun, 06 Nov 1994 08:49:37 GMT');
  });
});
