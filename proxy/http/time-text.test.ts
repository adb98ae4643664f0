import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isoTime, logTime, seconds } from './time-text.ts';

/** The local offset of a moment as the texts have it. */
function offsetOf(ms: number, separator: string): string {
  const minutes = -new Date(ms).getTimezoneOffset();
  const two = (n: number): string => String(Math.floor(Math.abs(n))).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(minutes / 60)}${separator}${two(minutes % 60)}`;
}

describe('times as text', () => {
  it('show seconds with three decimals', () => {
    assert.equal(seconds(0), '0.000');
    assert.equal(seconds(7), '0.007');
    assert.equal(seconds(12_345), '12.345');
    assert.equal(seconds(1_700_000_000_090), '1700000000.090');
    assert.equal(seconds(-5), '0.000');
  });

  it('are local, with the offset', () => {
    const moment = new Date(2026, 10, 3, 4, 5, 6).getTime();
    assert.equal(logTime(moment), `03/Nov/2026:04:05:06 ${offsetOf(moment, '')}`);
    assert.equal(isoTime(moment), `2026-11-03T04:05:06${offsetOf(moment, ':')}`);
  });

  it('change with the second', () => {
    const moment = new Date(2026, 0, 1, 0, 0, 59).getTime();
    assert.match(logTime(moment + 999), /:00:00:59 /);
    assert.match(logTime(moment + 1000), /:00:01:00 /);
    assert.match(isoTime(moment + 1000), /T00:01:00/);
  });
});
