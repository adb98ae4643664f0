import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError } from './directive.ts';
import { combine, compileRegex } from './regex.ts';

const at = { file: 'f', line: 3 };

/** Groups of the first match, whole match first; null where there is none. */
function match(
  pattern: string,
  subject: string,
  isCaseless = false,
): (string | undefined)[] | null {
  const regex = compileRegex(pattern, isCaseless, at);
  const found = regex.exec(subject);
  assert.equal(regex.test(subject), found !== null, pattern);
  return found === null ? null : [...found];
}

function refusal(pattern: string): string {
  try {
    compileRegex(pattern, false, at);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
  return 'taken';
}

describe('a pattern of PCRE', () => {
  it('captures by number and by name', () => {
    const regex = compileRegex("^/(?<a>\\w+)/(?P<b>\\d+)(?'c'x)?$", false, at);
    assert.deepEqual(regex.names, [
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);
    assert.deepEqual([...regex.exec('/ab/12')!], ['/ab/12', 'ab', '12', undefined]);
    assert.equal(regex.captureCount, 3);
  });

  it('ends before a final newline with $ and at the very end with \\z', () => {
    assert.ok(match('\\.php$', '/x.php\n'));
    assert.equal(match('\\.php\\z', '/x.php\n'), null);
    assert.equal(match('\\.php$', '/x.php\n\n'), null);
    assert.equal(match('\\.php$', '/x.php\nx'), null);
    assert.deepEqual(match('(a$|b)', 'a\n'), ['a', 'a']);
    assert.ok(match('^(?:a|b)$', 'b\n'));
  });

  it('has a dot that takes all but LF', () => {
    assert.ok(match('^a.b$', 'a\rb'));
    assert.equal(match('^a.b$', 'a\nb'), null);
    assert.ok(match('(?s)^a.b$', 'a\nb'));
  });

  it('folds the case of ASCII letters alone', () => {
    assert.ok(match('^/a[b-d]$', '/AC', true));
    assert.equal(match('\u00e9', '\u00c9', true), null);
    assert.equal(match('^[^a]$', 'A', true), null);
    assert.ok(match('(a)\\1', 'aA', true));
  });

  it('changes options inside', () => {
    assert.ok(match('a(?i)b', 'aB'));
    assert.equal(match('a(?i)b', 'AB'), null);
    assert.ok(match('(?i:a)b', 'Ab'));
    assert.equal(match('(?i:a)b', 'AB'), null);
    assert.ok(match('(?x) a b # comment\n c', 'abc'));
    assert.ok(match('(?m)^b$', 'a\nb\nc'));
    assert.deepEqual(match('(?U)a(.*)b', 'a1b2b'), ['a1b', '1']);
  });

  it('does not give back what atomic groups and possessive quantifiers took', () => {
    assert.equal(match('^(?>a+)ab', 'aaab'), null);
    assert.equal(match('^a++ab', 'aaab'), null);
    assert.deepEqual(match('^(?>(a+))(b)', 'aab'), ['aab', 'aa', 'b']);
    assert.deepEqual(match('^(?:(a)(?>b))+(c)', 'ababc'), ['ababc', 'a', 'c']);
  });

  it('has POSIX and letter classes of ASCII', () => {
    assert.ok(match('^[[:alpha:]][[:^digit:]][[:xdigit:]]$', 'z-F'));
    assert.equal(match('\\s', '\u00a0'), null);
    assert.ok(match('\\h', '\u00a0'));
    assert.equal(match('\\w', '\u00e9'), null);
    assert.ok(match('^\\R$', '\r\n'));
    assert.ok(match('^[]a]+$', ']a'));
  });

  it('quotes, escapes and counts as PCRE does', () => {
    assert.ok(match('^\\Qa.b*\\E+$', 'a.b**'));
    assert.ok(match('^\\x41\\x{42}\\103\\t\\e$', 'ABC\t\x1b'));
    assert.ok(match('^a{,2}$', 'a{,2}'));
    assert.ok(match('^a{x}$', 'a{x}'));
    assert.deepEqual(match('/\\Kb(c)', '/bc')?.[1], 'c');
    assert.ok(match('^\\p{Lu}\\P{Lu}$', 'Aa'));
  });

  it('takes the empty text of an optional group as PCRE does', () => {
    assert.deepEqual(match('^(\\b|.)?', 'b'), ['', '']);
  });
});

describe('a pattern is refused', () => {
  it('in the words of PCRE2 where it is no pattern', () => {
    assert.equal(
      refusal('a(b'),
      'pcre2_compile() failed: missing closing parenthesis in "a(b" in f:3',
    );
    assert.equal(
      refusal('a)b'),
      'pcre2_compile() failed: unmatched closing parenthesis in "a)b" at ")b" in f:3',
    );
  });

  it('where JavaScript has nothing like it', () => {
    for (const pattern of ['(?R)', '(a)(?1)', '(?|(a)|(b))', '(a)?(?(1)b|c)', '\\X', '(*UTF8)a']) {
      assert.match(
        refusal(pattern),
        /^regular expression ".*": ".*" is not supported by Tandem in f:3$/,
      );
    }
    assert.match(refusal('(a)?\\1'), /may not have taken part/);
    assert.match(refusal('(?:(a)|b)\\1'), /may not have taken part/);
  });

  it('where a loop can go around over the same text in two ways', () => {
    for (const pattern of [
      '(a+)+$',
      '(a|a)*',
      '(.*)*x',
      '(a|ab|b)*c',
      '(\\w+\\s?)*$',
      '(a?b?)*c',
      '([^"\\\\]+|\\\\.)*"',
      '^(.+/)*([^/]+)$',
      '(\\w+\\s?){1,20}x',
      '(a?){30}a{30}',
      '(?=(a+)+b)',
      '((a{1,3})+)+b',
      '([a-z]{1,63})*x',
      '(a*){3}(a+){2,5}b',
      '((a|a){5}){5}b',
      '^(.*)-(.*)-(.*)-(.*)-(.*)-(.*)$',
    ]) {
      assert.match(refusal(pattern), /can hold a thread for ever in f:3$/, pattern);
    }
  });

  it('and not where each text goes through in one way', () => {
    for (const pattern of [
      '^/(.*)/(.*)$',
      '^(/[^/]+)*/?$',
      '(a|b)*c',
      '\\.(?:css|js|jpe?g|png)$',
      '^([a-z0-9-]{1,63}\\.){1,10}[a-z]{2,}$',
      '^([0-9]{1,3}\\.){3}[0-9]{1,3}$',
      '[a-z]{2}(-[a-z]{2,4}){0,2}',
      '(?:[^"\\\\]++|\\\\.)*"',
      '(?:[^"\\\\]|\\\\.)*"',
      '^([a-z]{100})*$',
      '^(.+\\.php)(/.+)$',
      '^(www\\.)?(.+)$',
    ]) {
      assert.equal(refusal(pattern), 'taken', pattern);
    }
  });

  it('before it is tried: what is taken ends on hostile text', () => {
    const hostile = `/${'a/'.repeat(2000)}\n\n`;
    for (const pattern of ['^/(.*)/(.*)$', '^(/[^/]+)*/?$', '(?:[^"\\\\]++|\\\\.)*"']) {
      const started = performance.now();
      compileRegex(pattern, false, at).test(hostile);
      assert.ok(performance.now() - started < 1000, pattern);
    }
  });
});

describe('the growth of a pattern', () => {
  const degree = (pattern: string) => compileRegex(pattern, false, at).growthDegree;

  it('is the number of loops that share text one after another', () => {
    assert.equal(degree('^/a/(.*)$'), 1);
    assert.equal(degree('^/([^/]+)/([^/]+)/(.*)$'), 1);
    assert.equal(degree('^/(.*)/(.*)$'), 2);
    assert.equal(degree('^/(.*)/(.*)\\.(.*)$'), 3);
  });

  it('counts the search for a start', () => {
    assert.equal(degree('\\.php$'), 1);
    assert.equal(degree('(.*)\\.php$'), 2);
  });

  it('bounds the subject', () => {
    assert.equal(compileRegex('^/a', false, at).subjectLimit, Number.POSITIVE_INFINITY);
    assert.ok(compileRegex('^(.*)/(.*)$', false, at).subjectLimit > 32768);
    assert.ok(compileRegex('^(.*)/(.*)/(.*)$', false, at).subjectLimit < 2000);
  });
});

describe('combined patterns', () => {
  it('match where one of them does', () => {
    const all = ['^/a$', '\\.php$', '(x)\\1', '(?>y+)z'].map((p) => compileRegex(p, false, at));
    const caseless = compileRegex('\\.HTML$', true, at);
    const any = combine([...all, caseless]);
    for (const subject of ['/a', '/b.php', '/xx', '/yyz', '/index.html']) {
      assert.ok(any.test(subject), subject);
    }
    for (const subject of ['/A', '/b.PHP', '/x', '/yy', '/index']) {
      assert.ok(!any.test(subject), subject);
    }
    assert.ok(!combine([]).test('a'));
  });
});
