/** Bracket expressions of PCRE2: `[a-z]`, `[^]x]`, `[[:alpha:]_]`. */

import { POSIX_CLASSES } from './regex-classes.ts';
import { failPattern, refuseConstruct } from './regex-error.ts';
import { readEscape } from './regex-escape.ts';
import { allBut, type ByteSet, bothCases, byteRange, NO_BYTES, oneByte } from './regex-tree.ts';

/** What a bracket stands for, and where the text goes on. */
export interface BracketEnd {
  readonly set: ByteSet;
  readonly end: number;
}

/** Reads the bracket that opens at `at`. `isSpaced` is `(?xx)`: blanks inside mean nothing. */
export function readBracket(
  text: string,
  at: number,
  isCaseless: boolean,
  isSpaced: boolean,
): BracketEnd {
  return new BracketReader(text, at, isCaseless, isSpaced).read();
}

class BracketReader {
  readonly #text: string;
  #at: number;
  readonly #isCaseless: boolean;
  readonly #isSpaced: boolean;

  constructor(text: string, at: number, isCaseless: boolean, isSpaced: boolean) {
    this.#text = text;
    this.#at = at;
    this.#isCaseless = isCaseless;
    this.#isSpaced = isSpaced;
  }

  read(): BracketEnd {
    const rest = this.#text.slice(this.#at);
    if (rest.startsWith('[[:<:]]') || rest.startsWith('[[:>:]]'))
      refuseConstruct(rest.slice(0, 7), this.#at);
    if (/^\[[:.=][^\]]*[:.=]\]/.test(rest) && POSIX_OUTSIDE.test(rest)) {
      failPattern('POSIX named classes are supported only within a class', this.#at);
    }
    this.#at++;
    const isNegated = this.#text[this.#at] === '^';
    if (isNegated) this.#at++;
    let set = NO_BYTES;
    let isFirst = true;
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined) {
        failPattern('missing terminating ] for character class', this.#text.length);
      }
      if (character === ']' && !isFirst) break;
      isFirst = false;
      set |= this.#bracketItem();
    }
    this.#at++;
    const cased = this.#isCaseless ? bothCases(set) : set;
    return { set: isNegated ? allBut(cased) : cased, end: this.#at };
  }

  /** One member of a bracket: a byte, a range, or a class. */
  #bracketItem(): ByteSet {
    const wasClass = /^(?:\\[^QE]|\[:)/.test(this.#text.slice(this.#at, this.#at + 2));
    const low = this.#bracketMember();
    const dash = this.#text[this.#at] === '-' && this.#text[this.#at + 1] !== ']';
    if (typeof low !== 'number') {
      if (dash && wasClass) failPattern('invalid range in character class', this.#at);
      return low;
    }
    if (!dash || this.#text[this.#at + 1] === undefined) return oneByte(low);
    this.#at++;
    const before = this.#at;
    const high = this.#bracketMember();
    if (typeof high !== 'number') {
      const isPosix = this.#text[before] === '[';
      failPattern('invalid range in character class', isPosix ? before + 1 : this.#at);
    }
    if (high < low) failPattern('range out of order in character class', this.#at - 1);
    return byteRange(low, high);
  }

  #bracketMember(): number | ByteSet {
    const rest = this.#text.slice(this.#at);
    if (rest.startsWith('\\E')) {
      this.#at += 2;
      return NO_BYTES;
    }
    if (rest.startsWith('\\Q')) {
      const end = this.#text.indexOf('\\E', this.#at);
      const quoted = this.#text.slice(this.#at + 2, end === -1 ? undefined : end);
      this.#at = end === -1 ? this.#text.length : end + 2;
      let set = NO_BYTES;
      for (const character of quoted) set |= oneByte(character.charCodeAt(0));
      return set;
    }
    const posix = /^\[:(\^?)([a-z]*):\]/.exec(rest);
    if (posix !== null) {
      const found = POSIX_CLASSES[posix[2]!];
      if (found === undefined) failPattern('unknown POSIX class name', this.#at + 2);
      this.#at += posix[0].length;
      return posix[1] === '^' ? allBut(found) : found;
    }
    if (/^\[([.=])[^\]]*\1\]/.test(rest)) {
      failPattern('POSIX collating elements are not supported', this.#at);
    }
    if (this.#isSpaced && /^[ \t]/.test(rest)) {
      this.#at++;
      return NO_BYTES;
    }
    if (rest.startsWith('\\b')) {
      this.#at += 2;
      return 8;
    }
    if (/^\\[BRX]/.test(rest)) {
      failPattern('escape sequence is invalid in character class', this.#at + 1);
    }
    if (rest.startsWith('\\N')) failPattern('\\N is not supported in a class', this.#at + 2);
    if (/^\\[89]/.test(rest)) {
      this.#at += 2;
      return rest.charCodeAt(1);
    }
    if (rest.startsWith('\\')) {
      const { value, end } = readEscape(this.#text, this.#at);
      this.#at = end;
      return value;
    }
    this.#at++;
    return rest.charCodeAt(0);
  }
}

/** A POSIX class without the brackets around it. */
const POSIX_OUTSIDE = /^\[(:\^?[a-z]+:|[.=][^\]]*[.=])\]/;
