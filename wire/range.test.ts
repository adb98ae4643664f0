import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { imfFixdate } from './date.ts';
import {
  contentRange,
  matchesIfRange,
  parseRange,
  RANGE_IGNORED,
  RANGE_UNSATISFIABLE,
} from './range.ts';

describe('parseRange of 100 bytes', () => {
  for (const [field, expected] of [
    ['bytes=0-9', '0-10'],
    ['BYTES=0-9', '0-10'],
    ['bytes=90-', '90-100'],
    ['bytes=90-1000', '90-100'],
    ['bytes=-10', '90-100'],
    ['bytes=-1000', '0-100'],
    ['bytes=0-0,-1', '0-1 99-100'],
    ['bytes= 0 - 9 , 20 - 29', '0-10 20-30'],
    ['bytes=5-6,2-3', '5-7 2-4'],
    ['bytes=200-300,0-0', '0-1'],
    ['bytes=0-99', '0-100'],
    ['bytes=100-', RANGE_UNSATISFIABLE],
    ['bytes=-0', RANGE_UNSATISFIABLE],
    ['bytes=5-2', RANGE_UNSATISFIABLE],
    ['bytes=a-b', RANGE_UNSATISFIABLE],
    ['bytes=1', RANGE_UNSATISFIABLE],
    ['bytes=1-2x', RANGE_UNSATISFIABLE],
    ['bytes=1-2,', RANGE_UNSATISFIABLE],
    ['bytes=--1', RANGE_UNSATISFIABLE],
    ['bytes=99999999999999999999-', RANGE_UNSATISFIABLE],
    ['bytes=', RANGE_IGNORED],
    ['items=0-9', RANGE_IGNORED],
    ['bytes=0-60,0-60', RANGE_IGNORED],
    ['bytes=0-0,1-1,2-2,3-3,4-4,5-5', RANGE_IGNORED],
  ] as const) {
    it(`${field} is ${expected}`, () => {
      const parsed = parseRange(field, 100, 5);
      const words =
        typeof parsed === 'string'
          ? parsed
          : parsed.map(({ start, end }) => `${start}-${end}`).join(' ');
      assert.equal(words, expected);
    });
  }

  it('is ignored where max_ranges is 0 or the content is empty', () => {
    assert.equal(parseRange('bytes=0-9', 100, 0), RANGE_IGNORED);
    assert.equal(parseRange('bytes=0-9', 0, 5), RANGE_IGNORED);
  });

  it('never reaches beyond the content', () => {
    const field = fc.stringMatching(/^bytes=[-0-9, ]{0,20}$/);
    fc.assert(
      fc.property(field, fc.integer({ min: 0, max: 50 }), (text, bytes) => {
        const parsed = parseRange(text, bytes, 10);
        if (typeof parsed === 'string') return;
        assert.ok(parsed.length > 0);
        for (const { start, end } of parsed) assert.ok(start >= 0 && start < end && end <= bytes);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('If-Range', () => {
  it('is the very tag', () => {
    assert.ok(matchesIfRange('"a"', '"a"', -1));
    assert.ok(!matchesIfRange('"a"', '"b"', -1));
    assert.ok(!matchesIfRange('"a"', undefined, 5));
    assert.ok(!matchesIfRange('W/"a"', 'W/"a"', -1));
  });

  it('is the exact date', () => {
    assert.ok(matchesIfRange(imfFixdate(1000), '"a"', 1000));
    assert.ok(!matchesIfRange(imfFixdate(1001), '"a"', 1000));
    assert.ok(!matchesIfRange('nonsense', '"a"', -1));
  });
});

it('Content-Range counts its last byte', () => {
  assert.equal(contentRange({ start: 0, end: 10 }, 100), 'bytes 0-9/100');
});
