import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { acceptsCoding } from './accept-encoding.ts';
import { fieldLine, fieldLines } from './field-lines.ts';
import { hostPort, validateHost } from './host.ts';
import { parseTarget } from './target.ts';
import { hasToken, splitList } from './token-list.ts';

describe('Accept-Encoding', () => {
  for (const list of [
    'gzip',
    'GZIP',
    'br, gzip',
    'gzip;q=0.5',
    'gzip ; q=1.000',
    'x,gzip;',
    'gzip;q=0.001',
  ]) {
    it(`"${list}" takes gzip`, () => assert.ok(acceptsCoding(list, 'gzip')));
  }
  for (const list of [
    undefined,
    '',
    '*',
    'br',
    'xgzip',
    'gzipx',
    'x-gzip',
    'gzip;q=0',
    'gzip;q=0.000',
    'gzip; q=0., br',
    'gzip;q=0.0001',
    'gzip;q=2',
    'gzip;q=',
    'gzip;level=1',
    'gzip;q=0, gzip',
  ]) {
    it(`"${list}" does not take gzip`, () => assert.ok(!acceptsCoding(list, 'gzip')));
  }
});

describe('lists of tokens', () => {
  it('are split at commas, empty elements left out', () => {
    assert.deepEqual(splitList(' a,,\tb ,c, '), ['a', 'b', 'c']);
    assert.deepEqual(splitList(''), []);
  });

  it('hold a token whole and in any case', () => {
    assert.ok(hasToken('a, Keep-Alive', 'keep-alive'));
    assert.ok(!hasToken('a, keep-alive-x', 'keep-alive'));
    assert.ok(!hasToken('', 'close'));
  });
});

describe('field lines', () => {
  it('are written where nothing can break out of them', () => {
    assert.equal(fieldLine('X-A', 'b\tc \xe9'), 'X-A: b\tc \xe9\r\n');
    assert.equal(fieldLines(['A', '1', 'B', '']), 'A: 1\r\nB: \r\n');
  });

  for (const value of ['a\r\nB: c', 'a\rb', 'a\nb', 'a\0b', 'a\x7f', '\u010a', '\u{1f600}']) {
    it(`are refused for the value ${JSON.stringify(value)}`, () => {
      assert.equal(fieldLine('X', value), undefined);
      assert.equal(fieldLines(['A', 'b', 'X', value]), undefined);
    });
  }

  for (const name of ['', 'a b', 'a:', 'a\r\n', 'é', '\u0158']) {
    it(`are refused for the name ${JSON.stringify(name)}`, () => {
      assert.equal(fieldLine(name, 'x'), undefined);
    });
  }

  it('end where they end, once written as latin1', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const line = fieldLine('X', value);
        if (line === undefined) return;
        assert.match(Buffer.from(line, 'latin1').toString('latin1'), /^X: [^\r\n\0]*\r\n$/);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('hosts', () => {
  for (const [value, host] of [
    ['a.example', 'a.example'],
    ['A.Example:80', 'a.example'],
    ['a.example.', 'a.example'],
    ['a.example.:80', 'a.example'],
    ['[::1]:80', '[::1]'],
    ['[FE80::1]', '[fe80::1]'],
    ['a_b', 'a_b'],
    ['', undefined],
    [':80', undefined],
    ['.', undefined],
    ['a..b', undefined],
    ['a/b', undefined],
    ['a b', undefined],
    ['a\tb', undefined],
    ['[::1', undefined],
    // As nginx 1.29.3 and later judge it; its 1.22 lets these pass.
    ...[
      'a:9000:80',
      'a:65536',
      'a:8a',
      'a:+80',
      'a:http',
      '[::1].',
      '[::1]x',
      'x[::1]:98',
      '[fe80::1%25e]',
    ].map((value) => [value, undefined] as const),
    ...[
      'a?b',
      'a#b',
      'a@b',
      'a"b',
      'a<b',
      'a|b',
      'a\\b',
      'a^b',
      'a`b',
      'a{b}',
      'a\xe9',
      'a]',
      '[a',
    ].map((value) => [value, undefined] as const),
    ["a!$&'()*+,;=~%41", "a!$&'()*+,;=~%41"],
    ['a:', 'a'],
    ['a:0', 'a'],
    ['a:065535', 'a'],
    ['[::1]:', '[::1]'],
    ['.a', '.a'],
  ] as const) {
    it(`"${value}" is ${host}`, () => assert.equal(validateHost(value), host));
  }

  it('tell the port', () => {
    for (const [value, port] of [
      ['a:8080', 8080],
      ['a.:080', 80],
      ['[::1]:443', 443],
      ['a', 0],
      ['a:', 0],
      ['a:0', 0],
      ['a:65536', 0],
    ] as const) {
      assert.equal(hostPort(value), port, value);
    }
  });
});

describe('request-targets', () => {
  it('are taken apart by form', () => {
    const parts = (target: string) => {
      const { form, path, query, host, scheme } = parseTarget(target);
      return [form, path, query, host, scheme];
    };
    assert.deepEqual(parts('/a?b?c#d'), ['origin', '/a', 'b?c', undefined, undefined]);
    assert.deepEqual(parts('/a#?'), ['origin', '/a', undefined, undefined, undefined]);
    assert.deepEqual(parts('//a'), ['origin', '//a', undefined, undefined, undefined]);
    assert.deepEqual(parts('http://h:1/p?q'), ['absolute', '/p', 'q', 'h:1', 'http']);
    assert.deepEqual(parts('http://h'), ['absolute', '/', undefined, 'h', 'http']);
    assert.deepEqual(parts('http://h?q'), ['absolute', '/', 'q', 'h', 'http']);
    assert.deepEqual(parts('h:443'), ['authority', '', undefined, 'h:443', undefined]);
    assert.deepEqual(parts('*'), ['asterisk', '*', undefined, undefined, undefined]);
  });
});
