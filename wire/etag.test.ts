import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  fileEtag,
  isStrongMatch,
  isWeakMatch,
  matchesIfMatch,
  matchesIfNoneMatch,
  weaken,
} from './etag.ts';

describe('entity tags', () => {
  it('of a file are modification time and size in hexadecimal', () => {
    assert.equal(fileEtag(0x5f3e, 1023), '"5f3e-3ff"');
  });

  it('compare as RFC 9110 8.8.3.2 shows', () => {
    assert.ok(!isStrongMatch('W/"1"', 'W/"1"') && isWeakMatch('W/"1"', 'W/"1"'));
    assert.ok(!isStrongMatch('W/"1"', 'W/"2"') && !isWeakMatch('W/"1"', 'W/"2"'));
    assert.ok(!isStrongMatch('W/"1"', '"1"') && isWeakMatch('W/"1"', '"1"'));
    assert.ok(isStrongMatch('"1"', '"1"') && isWeakMatch('"1"', '"1"'));
  });

  it('become weak once', () => {
    assert.equal(weaken('"1"'), 'W/"1"');
    assert.equal(weaken('W/"1"'), 'W/"1"');
  });

  it('If-None-Match lists them, weak or not', () => {
    for (const list of ['"a"', 'W/"a"', '"b", "a"', '"b",W/"a" , "c"', '*', '"x,y", "a"']) {
      assert.ok(matchesIfNoneMatch(list, '"a"'), list);
      assert.ok(matchesIfNoneMatch(list, 'W/"a"'), list);
    }
    for (const list of ['', '"b"', '"a', 'a', '"aa"', '"b,"a""', '"x "a" y"']) {
      assert.ok(!matchesIfNoneMatch(list, '"a"'), list);
    }
  });

  it('If-Match lists strong ones alone', () => {
    assert.ok(matchesIfMatch('"b", "a"', '"a"'));
    assert.ok(matchesIfMatch('*', '"a"'));
    assert.ok(matchesIfMatch('*', undefined));
    assert.ok(!matchesIfMatch('W/"a"', '"a"'));
    assert.ok(!matchesIfMatch('W/"a"', 'W/"a"'));
    assert.ok(!matchesIfMatch('"a"', undefined));
  });
});
