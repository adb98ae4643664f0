/** Named sets of bytes as PCRE has them in the C locale: `\d`, `[:alpha:]`, `\p{Lu}`. */

import { allBut, type ByteSet, byteRange, NO_BYTES, oneByte } from './regex-tree.ts';

const digit = byteRange(0x30, 0x39);
const upper = byteRange(0x41, 0x5a);
const lower = byteRange(0x61, 0x7a);
const alpha = upper | lower;
const space = byteRange(9, 13) | oneByte(32);
const graph = byteRange(0x21, 0x7e);
const word = alpha | digit | oneByte(0x5f);

/** The newline of PCRE's default: LF alone. */
export const NEWLINE: ByteSet = oneByte(10);

/** Vertical space: what `\R` takes besides CR LF. */
export const VERTICAL: ByteSet = byteRange(10, 13) | oneByte(0x85);

const horizontal = oneByte(9) | oneByte(32) | oneByte(0xa0);

/** What a letter after a backslash stands for, in and outside of brackets. */
export const LETTER_CLASSES: Readonly<Record<string, ByteSet>> = {
  d: digit,
  D: allBut(digit),
  w: word,
  W: allBut(word),
  s: space,
  S: allBut(space),
  h: horizontal,
  H: allBut(horizontal),
  v: VERTICAL,
  V: allBut(VERTICAL),
};

/** `[:name:]` inside brackets. */
export const POSIX_CLASSES: Readonly<Record<string, ByteSet>> = {
  alpha,
  lower,
  upper,
  alnum: alpha | digit,
  ascii: byteRange(0, 127),
  blank: oneByte(9) | oneByte(32),
  cntrl: byteRange(0, 31) | oneByte(127),
  digit,
  graph,
  print: graph | oneByte(32),
  punct: graph & ~(alpha | digit),
  space,
  word,
  xdigit: digit | byteRange(0x41, 0x46) | byteRange(0x61, 0x66),
};

/** The bytes whose code points have a Unicode property; `undefined` for a name nobody knows. */
export function propertyClass(name: string): ByteSet | undefined {
  if (name === 'Any') return allBut(NO_BYTES);
  const property = name === 'L&' ? 'LC' : name;
  const matcher = unicodeMatcher(property) ?? unicodeMatcher(`Script=${property}`);
  if (matcher === undefined) return undefined;
  let set = NO_BYTES;
  for (let byte = 0; byte < 256; byte++) {
    if (matcher.test(String.fromCharCode(byte))) set |= oneByte(byte);
  }
  return set;
}

function unicodeMatcher(property: string): RegExp | undefined {
  try {
    return new RegExp(`^\\p{${property}}$`, 'u');
  } catch {
    return undefined; // the engine refuses what it does not know; that is the answer
  }
}
