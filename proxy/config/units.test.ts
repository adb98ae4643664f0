import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseMilliseconds, parseNumber, parseOffset, parseSeconds, parseSize } from './units.ts';

describe('numbers', () => {
  it('are decimal digits up to 64 bits', () => {
    assert.equal(parseNumber('0'), 0);
    assert.equal(parseNumber('0042'), 42);
    for (const text of ['', '-1', '+1', '1.5', '0x10', ' 1', '9223372036854775808']) {
      assert.equal(parseNumber(text), undefined, text);
    }
    assert.ok(parseNumber('9223372036854775807')! > 9e18);
  });
});

describe('sizes', () => {
  it('know k and m in both cases, and offsets g', () => {
    assert.equal(parseSize('8k'), 8192);
    assert.equal(parseSize('1M'), 1048576);
    assert.equal(parseSize('1g'), undefined);
    assert.equal(parseOffset('2G'), 2147483648);
    assert.equal(parseOffset('k'), undefined);
    assert.equal(parseOffset('9223372036854775807k'), undefined);
  });
});

describe('times', () => {
  it('are seconds where they name no unit', () => {
    assert.equal(parseMilliseconds('75'), 75000);
    assert.equal(parseSeconds('75'), 75);
  });

  it('name units from large to small, each once', () => {
    assert.equal(parseMilliseconds('1w2d3h4m5s6ms'), 788645006);
    assert.equal(parseMilliseconds('1h 30m'), 5400000);
    assert.equal(parseMilliseconds('1m 30'), 90000);
    assert.equal(parseMilliseconds('10 5'), 15000);
    for (const text of [
      '5s1m',
      '1s1s',
      '1m1h',
      '10 5s',
      '5s 5 ',
      '1M',
      '1y',
      '',
      's',
      '5sec',
      '-1s',
      '1.5s',
    ]) {
      assert.equal(parseMilliseconds(text), undefined, text);
    }
  });

  it('in seconds know years and months but no milliseconds', () => {
    assert.equal(parseSeconds('1y1M1w'), 31536000 + 2592000 + 604800);
    assert.equal(parseSeconds('100ms'), undefined);
  });

  it('end where 64 bits do', () => {
    assert.equal(parseMilliseconds('9223372036854775807'), undefined);
    assert.ok(parseSeconds('9223372036854775807')! > 9e18);
  });
});
