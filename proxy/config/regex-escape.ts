/** Escapes of PCRE2 that stand for bytes: `\d`, `\n`, `\x41`, `\101`, `\cA`, `\p{Lu}`, `\.`. */

import { LETTER_CLASSES, propertyClass } from './regex-classes.ts';
import { failPattern } from './regex-error.ts';
import { allBut, type ByteSet } from './regex-tree.ts';

/** What an escape stands for, a byte or a set, and where the text goes on. */
export interface Escape {
  readonly value: number | ByteSet;
  readonly end: number;
}

const CONTROL_LETTERS: Readonly<Record<string, number>> = {
  a: 7,
  e: 27,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
};

/** Reads the escape whose backslash is at `at`, in or outside of brackets. */
export function readEscape(text: string, at: number): Escape {
  const rest = text.slice(at + 1);
  const letter = rest[0];
  if (letter === undefined) failPattern('\\ at end of pattern', text.length);
  const named = LETTER_CLASSES[letter] ?? CONTROL_LETTERS[letter];
  if (named !== undefined) return { value: named, end: at + 2 };
  if (letter === 'p' || letter === 'P') return readProperty(rest, at);
  if (letter === 'c') return readControl(rest, at, text.length);
  const numbered = readNumber(rest, at);
  if (numbered !== undefined) return numbered;
  if (/[LUlu]/.test(letter)) {
    failPattern('PCRE2 does not support \\F, \\L, \\l, \\N{name}, \\U, or \\u', at + 2);
  }
  if (/[A-Za-z0-9]/.test(letter)) failPattern('unrecognized character follows \\', at + 1);
  return { value: letter.charCodeAt(0), end: at + 2 };
}

/** `\x41`, `\x{41}`, `\o{101}`, `\101`; `rest` begins after the backslash. */
function readNumber(rest: string, at: number): Escape | undefined {
  const badBraces = /^x\{(?![0-9a-fA-F]+\})[0-9a-fA-F]*/.exec(rest)?.[0];
  if (badBraces !== undefined) {
    failPattern(
      /^x\{\}?$/.test(rest.slice(0, 3))
        ? 'digits missing in \\x{} or \\o{} or \\N{U+}'
        : 'non-hex character in \\x{} (closing brace missing?)',
      at + 1 + badBraces.length,
    );
  }
  const number =
    /^x\{([0-9a-fA-F]+)\}/.exec(rest) ??
    /^o\{([0-7]+)\}/.exec(rest) ??
    /^x([0-9a-fA-F]{0,2})/.exec(rest) ??
    /^(0[0-7]{0,2}|[1-7][0-7]{0,2})/.exec(rest);
  if (number === null) return undefined;
  const end = at + 1 + number[0].length;
  const value = Number.parseInt(number[1] || '0', number[0].startsWith('x') ? 16 : 8);
  if (value > 255 && number[0].includes('{')) {
    failPattern('character code point value in \\x{} or \\o{} is too large', end - 1);
  }
  if (value > 255) failPattern('octal value is greater than \\377 in 8-bit non-UTF-8 mode', end);
  return { value, end };
}

/** `\cA`: the letter with its seventh bit turned. */
function readControl(rest: string, at: number, length: number): Escape {
  const letter = rest[1];
  if (letter === undefined) failPattern('\\c at end of pattern', length);
  if (letter < ' ' || letter > '~') {
    failPattern('\\c must be followed by a printable ASCII character', at + 3);
  }
  return { value: letter.toUpperCase().charCodeAt(0) ^ 64, end: at + 3 };
}

/** `\pL`, `\p{Lu}`, `\p{^Lu}`, `\P{Lu}`: bytes by the Unicode property of their code point. */
function readProperty(rest: string, at: number): Escape {
  const match = /^[pP](?:\{(\^?)([A-Za-z0-9_& -]+)\}|([A-Z]))/.exec(rest);
  if (match === null) failPattern('malformed \\P or \\p sequence', at + 2);
  const end = at + 1 + match[0].length;
  const set = propertyClass(match[2] ?? match[3] ?? '');
  if (set === undefined) failPattern('unknown property after \\P or \\p', end);
  const isNegated = rest.startsWith('P') !== (match[1] === '^');
  return { value: isNegated ? allBut(set) : set, end };
}
