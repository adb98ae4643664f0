// biome-ignore-all lint/suspicious/noTemplateCurlyInString: nginx spells variables so
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError } from './directive.ts';
import {
  BLOCK_END,
  BLOCK_START,
  COMMAND_LINE,
  type Ending,
  Lexer,
  SIMPLE,
  TEXT_END,
} from './lexer.ts';

/** Words of each directive, with `{`, `}` and `;` as nginx ends them, and its line. */
function cut(text: string): string[] {
  const lexer = new Lexer(text, 'f');
  const marks: Record<Ending, string> = {
    [SIMPLE]: ';',
    [BLOCK_START]: '{',
    [BLOCK_END]: '}',
    [TEXT_END]: '',
  };
  const found: string[] = [];
  for (;;) {
    const ending = lexer.next();
    if (ending === TEXT_END) return found;
    found.push(`${lexer.line}:${lexer.words.map((word) => `<${word}>`).join('')}${marks[ending]}`);
  }
}

function fails(text: string, message: string, file = 'f'): void {
  const lexer = new Lexer(text, file);
  assert.throws(
    () => {
      while (lexer.next() !== TEXT_END);
    },
    (error) => {
      assert.ok(error instanceof ConfigError);
      assert.equal(error.message, message);
      return true;
    },
  );
}

describe('words', () => {
  it('end at blanks, semicolons and braces, and carry the line where the directive ended', () => {
    assert.deepEqual(cut('a b\tc\r\n d;\ne{f;}'), ['2:<a><b><c><d>;', '3:<e>{', '3:<f>;', '3:}']);
  });

  it('lose their quotes and keep what the quotes hold', () => {
    assert.deepEqual(cut(`a "b ; { # '" 'c " }';`), [`1:<a><b ; { # '><c " }>;`]);
    assert.deepEqual(cut(`a "" '';`), ['1:<a><><>;']);
  });

  it('keep a quote that stands inside an unquoted word', () => {
    assert.deepEqual(cut(`a b"c" d'e;`), [`1:<a><b"c"><d'e>;`]);
  });

  it('resolve the six escapes and keep every other backslash', () => {
    assert.deepEqual(cut(String.raw`a \" \' \\ \t \r \n \. \d "\"" '\'';`), [
      `1:<a><"><'><\\><\t><\r><\n><\\.><\\d><"><'>;`,
    ]);
  });

  it('keep an escaped blank, semicolon or brace with its backslash', () => {
    assert.deepEqual(cut(String.raw`a b\ c\;\{;`), [String.raw`1:<a><b\ c\;\{>;`]);
  });

  it('hold the braces of ${name}', () => {
    assert.deepEqual(cut('a ${b}c x${d}{'), ['1:<a><${b}c><x${d}>{']);
    assert.deepEqual(cut('a "${b}";'), ['1:<a><${b}>;']);
  });

  it('may begin with a closing brace only after another character', () => {
    assert.deepEqual(cut('a b};'), ['1:<a><b}>;']);
  });

  it('may follow a quoted word where they begin with a closing parenthesis', () => {
    assert.deepEqual(cut('if ($a = "b"){'), ['1:<if><($a><=><b><)>{']);
  });

  it('span lines inside quotes, and the lines count', () => {
    assert.deepEqual(cut('a "b\n\nc";d;'), ['3:<a><b\n\nc>;', '3:<d>;']);
  });

  it('are bytes: what is not ASCII passes through', () => {
    assert.deepEqual(cut('a \u00c3\u00a9\u0000\u00ff;'), ['1:<a><\u00c3\u00a9\u0000\u00ff>;']);
  });
});

describe('comments', () => {
  it('run to the end of the line, between words only', () => {
    assert.deepEqual(cut('a # b; {\n c#d; # e'), ['2:<a><c#d>;']);
  });

  it('longer than the word limit are refused, as in nginx', () => {
    fails(`\n#${'x'.repeat(5000)}\n`, 'too long parameter "#xxxxxxxxx..." started in f:2');
  });
});

describe('broken text', () => {
  it('ends where a directive is not complete', () => {
    for (const text of ['a', 'a b', 'a "b', 'a "b"', '\\']) {
      fails(`${text}\n`, 'unexpected end of file, expecting ";" or "}" in f:2');
    }
  });

  it('has a terminator without a directive', () => {
    fails(';', 'unexpected ";" in f:1');
    fails('\n{', 'unexpected "{" in f:2');
    fails('a }', 'unexpected "}" in f:1');
  });

  it('has something glued to a closing quote', () => {
    fails('a "b"c;', 'unexpected "c" in f:1');
    fails('a "b"}', 'unexpected "}" in f:1');
  });

  it('has a word of more than 4095 bytes, reported where it started', () => {
    assert.equal(cut(`a ${'x'.repeat(4095)};`).length, 1);
    fails(`a\n${'x'.repeat(4096)};\n`, 'too long parameter "xxxxxxxxxx..." started in f:2');
    fails(
      `a "${'x\n'.repeat(4096)}`,
      'too long parameter, probably missing terminating """ character in f:1',
    );
    fails(
      `a '${'x\n'.repeat(4096)}`,
      `too long parameter, probably missing terminating "'" character in f:1`,
    );
  });

  it('is reported without lines in the command line', () => {
    fails('a', 'unexpected end of parameter, expecting ";" in command line', COMMAND_LINE);
    fails('a;\n}{', 'unexpected "{" in command line', COMMAND_LINE);
  });
});
