/**
 * Reads a pattern in PCRE2's language (pcre2pattern) into a tree. Throws PatternError with PCRE2's
 * own words for what is no pattern, and with ours for what JavaScript cannot do.
 */

import { readBracket } from './regex-bracket.ts';
import { NEWLINE, VERTICAL } from './regex-classes.ts';
import { failPattern, refuseConstruct } from './regex-error.ts';
import { readEscape } from './regex-escape.ts';
import { isFixedBehind } from './regex-length.ts';
import {
  ALL_BYTES,
  type AssertionKind,
  allBut,
  type ByteSet,
  bothCases,
  oneByte,
  type RegexNode,
  type RegexTree,
} from './regex-tree.ts';

/** Options that stand inside the pattern, `(?i)`; they end with the group they stand in. */
interface Options {
  caseless: boolean;
  multiline: boolean;
  dotAll: boolean;
  extended: boolean;
  moreExtended: boolean;
  ungreedy: boolean;
  noCapture: boolean;
}

const OPTION_LETTERS: Readonly<Record<string, keyof Options>> = {
  i: 'caseless',
  m: 'multiline',
  s: 'dotAll',
  x: 'extended',
  U: 'ungreedy',
  n: 'noCapture',
};

/** Deepest nesting of parentheses, PCRE2's default. */
const NEST_LIMIT = 250;
/** Largest count in braces. */
const COUNT_LIMIT = 65535;

/** Parses `pattern`, latin1; `caseless` is nginx's `~*`. */
export function parsePattern(pattern: string, caseless: boolean): RegexTree {
  return new PatternParser(pattern, caseless).parse();
}

class PatternParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #groupCount = 0;
  #options: Options;
  readonly #names: (readonly [string, number])[] = [];
  /** References are checked at the end: they may point forward. */
  readonly #references: { readonly to: number | string; readonly offset: number }[] = [];

  constructor(text: string, caseless: boolean) {
    this.#text = text;
    this.#options = {
      caseless,
      multiline: false,
      dotAll: false,
      extended: false,
      moreExtended: false,
      ungreedy: false,
      noCapture: false,
    };
  }

  parse(): RegexTree {
    const root = this.#choice();
    if (this.#at < this.#text.length) this.#fail('unmatched closing parenthesis');
    for (const { to, offset } of this.#references) {
      const isKnown =
        typeof to === 'number' ? to <= this.#groupCount : this.#names.some(([name]) => name === to);
      if (!isKnown) this.#fail('reference to non-existent subpattern', offset);
    }
    return { root, groupCount: this.#groupCount, names: this.#names };
  }

  /** Alternatives up to a closing parenthesis or the end. */
  #choice(): RegexNode {
    if (++this.#depth > NEST_LIMIT) this.#fail('parentheses are too deeply nested');
    const options: RegexNode[] = [this.#sequence()];
    while (this.#text[this.#at] === '|') {
      this.#at++;
      options.push(this.#sequence());
    }
    this.#depth--;
    return options.length === 1 ? options[0]! : { kind: 'choice', options };
  }

  #sequence(): RegexNode {
    const items: RegexNode[] = [];
    for (;;) {
      this.#skipExtended();
      const next = this.#text[this.#at];
      if (next === undefined || next === '|' || next === ')') break;
      for (const item of this.#atoms()) items.push(item);
    }
    return items.length === 1 ? items[0]! : { kind: 'sequence', items };
  }

  /** Blanks and comments under `(?x)`, and `(?#...)` always. */
  #skipExtended(): void {
    for (;;) {
      const rest = this.#text.slice(this.#at);
      const skipped = this.#options.extended ? /^(?:[\t-\r ]|#[^\n]*\n?)+/.exec(rest) : null;
      if (skipped !== null) {
        this.#at += skipped[0].length;
      } else if (rest.startsWith('(?#')) {
        const end = this.#text.indexOf(')', this.#at);
        if (end === -1) this.#fail('missing ) after (?# comment', this.#text.length);
        this.#at = end + 1;
      } else {
        return;
      }
    }
  }

  /** One item with its quantifier; `\Q...\E` gives several. */
  #atoms(): RegexNode[] {
    if (this.#text.startsWith('\\Q', this.#at)) return this.#quoted();
    const isGroup = this.#text[this.#at] === '(';
    const atom = this.#atom();
    return atom === undefined ? [] : [this.#quantified(atom, isGroup)];
  }

  #quoted(): RegexNode[] {
    const from = this.#at + 2;
    const end = this.#text.indexOf('\\E', from);
    const literal = this.#text.slice(from, end === -1 ? undefined : end);
    this.#at = end === -1 ? this.#text.length : end + 2;
    const items = Array.from(literal, (character) => this.#byte(character.charCodeAt(0)));
    const last = items.pop();
    if (last !== undefined) items.push(this.#quantified(last, false));
    return items;
  }

  /** The item with the quantifier that follows, if one does; PCRE takes one at most. */
  #quantified(atom: RegexNode, isGroup: boolean): RegexNode {
    this.#skipExtended();
    while (this.#text.startsWith('\\E', this.#at)) this.#at += 2;
    const quantifier = QUANTIFIER.exec(this.#text.slice(this.#at));
    if (quantifier === null) return atom;
    const [whole, low, comma, high, mode = ''] = quantifier;
    const min = low === undefined ? (whole.startsWith('+') ? 1 : 0) : Number(low);
    const max =
      low === undefined ? (whole.startsWith('?') ? 1 : Infinity) : upper(low, comma, high);
    const end = this.#at + whole.length - mode.length - 1;
    if (min > COUNT_LIMIT || (max !== Infinity && max > COUNT_LIMIT)) {
      this.#fail('number too big in {} quantifier', end);
    }
    if (max < min) this.#fail('numbers out of order in {} quantifier', end);
    if (atom.kind === 'assertion' && !isGroup) {
      this.#fail('quantifier does not follow a repeatable item', end);
    }
    this.#at += whole.length;
    const isLazy = (mode === '?') !== this.#options.ungreedy;
    const body: RegexNode = { kind: 'repeat', body: atom, min, max, isLazy };
    return mode === '+' ? { kind: 'atomic', body: { ...body, isLazy: false } } : body;
  }

  #atom(): RegexNode | undefined {
    const character = this.#text[this.#at]!;
    switch (character) {
      case '(':
        return this.#parenthesis();
      case '[':
        return this.#bracket();
      case '\\':
        return this.#escape();
      case '.':
        this.#at++;
        return this.#set(this.#options.dotAll ? ALL_BYTES : allBut(NEWLINE));
      case '^':
        this.#at++;
        return assertion(this.#options.multiline ? 'lineStart' : 'start');
      case '$':
        this.#at++;
        return assertion(this.#options.multiline ? 'lineEnd' : 'end');
      case '*':
      case '+':
      case '?':
        return this.#fail('quantifier does not follow a repeatable item');
    }
    const braces = QUANTIFIER.exec(this.#text.slice(this.#at));
    if (braces !== null) {
      const end = this.#at + braces[0].indexOf('}');
      this.#fail('quantifier does not follow a repeatable item', end);
    }
    this.#at++;
    return this.#byte(character.charCodeAt(0));
  }

  #parenthesis(): RegexNode | undefined {
    const open = this.#at;
    const rest = this.#text.slice(open);
    if (/^\(\*[A-Za-z]/.test(rest)) this.#refuse(rest.slice(0, 8), open);
    const saved = { ...this.#options };
    if (!rest.startsWith('(?')) {
      this.#at++;
      if (saved.noCapture) return this.#closed(this.#choice(), saved);
      return this.#capture(undefined, saved);
    }
    const named = /^\(\?(?:P?<(?![=!])|')/.exec(rest);
    if (named !== null) {
      this.#at += named[0].length;
      const name = this.#name(named[0].endsWith('<') ? '>' : "'");
      return this.#capture(name, saved);
    }
    const kind = /^\(\?(?::|>|=|!|<=|<!|\|)/.exec(rest)?.[0];
    if (kind === undefined) return this.#specialGroup(rest, saved);
    if (kind === '(?|') this.#refuse('(?|', open);
    this.#at += kind.length;
    const body = this.#closed(this.#choice(), saved);
    if (kind === '(?:') return body;
    if (kind === '(?>') return { kind: 'atomic', body };
    const isBehind = kind.includes('<');
    if (isBehind && !isFixedBehind(body)) {
      this.#fail('lookbehind assertion is not fixed length', open);
    }
    return { kind: 'look', isBehind, isNegative: kind.endsWith('!'), body };
  }

  /** `(?P=name)`, options, and what JavaScript has no counterpart for. */
  #specialGroup(rest: string, saved: Options): RegexNode | undefined {
    const open = this.#at;
    const back = /^\(\?P=([A-Za-z_0-9]+)\)/.exec(rest);
    if (back !== null) {
      this.#at += back[0].length;
      return this.#referTo(back[1]!, open + 4);
    }
    const foreign = /^\(\?(?:P>|&|R|C|\(|[-+]?[0-9])/.exec(rest);
    if (foreign !== null) this.#refuse(foreign[0], open);
    const letters = /^\(\?(\^?)([a-zA-Z]*)(?:-([a-zA-Z]*))?([:)])/.exec(rest);
    if (letters === null) {
      const length = /^\(\?\^?[imsxnUJ-]*/.exec(rest)![0].length;
      if (length === rest.length) this.#fail('missing closing parenthesis', this.#text.length);
      this.#fail('unrecognized character after (? or (?-', open + length);
    }
    const [whole, reset, on, off, ending] = letters;
    if (reset !== '') this.#setOptions('imsxn', false, open);
    this.#setOptions(on!, true, open + 2 + reset!.length);
    this.#setOptions(off ?? '', false, open + 3 + reset!.length + on!.length);
    this.#at += whole.length;
    if (ending === ')') return undefined; // in force to the end of the group around it
    return this.#closed(this.#choice(), saved);
  }

  #setOptions(letters: string, value: boolean, offset: number): void {
    for (const [index, letter] of Array.from(letters).entries()) {
      if (letter === 'J') this.#refuse('(?J)', offset + index);
      const option = OPTION_LETTERS[letter];
      if (option === undefined) {
        this.#fail('unrecognized character after (? or (?-', offset + index);
      }
      this.#options[option] = value;
      if (letter === 'x') this.#options.moreExtended = value && letters[index - 1] === 'x';
    }
  }

  #capture(name: string | undefined, saved: Options): RegexNode {
    const number = ++this.#groupCount;
    if (name !== undefined) this.#names.push([name, number]);
    return { kind: 'group', number, body: this.#closed(this.#choice(), saved) };
  }

  /** Takes the closing parenthesis and ends the options set inside. */
  #closed(body: RegexNode, saved: Options): RegexNode {
    if (this.#text[this.#at] !== ')') {
      this.#fail('missing closing parenthesis', this.#text.length);
    }
    this.#at++;
    this.#options = saved;
    return body;
  }

  #name(end: string): string {
    const from = this.#at;
    const name = /^[A-Za-z_0-9]*/.exec(this.#text.slice(from))![0];
    if (name === '') this.#fail('subpattern name expected');
    if (/^[0-9]/.test(name)) this.#fail('subpattern name must start with a non-digit');
    if (name.length > 32) {
      this.#fail('subpattern name is too long (maximum 32 code units)', from + 32);
    }
    this.#at += name.length;
    if (this.#text[this.#at] !== end) {
      this.#fail('syntax error in subpattern name (missing terminator?)');
    }
    this.#at++;
    if (this.#names.some(([known]) => known === name)) {
      this.#fail('two named subpatterns have the same name (PCRE2_DUPNAMES not set)');
    }
    return name;
  }

  #referTo(to: number | string, offset: number): RegexNode {
    this.#references.push({ to, offset });
    const isCaseless = this.#options.caseless;
    if (typeof to === 'number') return { kind: 'backreference', number: to, isCaseless };
    const known = this.#names.find(([name]) => name === to);
    // A name used before its group can never be set there in one pass; see regex-emit.ts.
    return { kind: 'backreference', number: known?.[1] ?? 0, isCaseless };
  }

  /** A backslash outside of brackets. */
  #escape(): RegexNode | undefined {
    const start = this.#at;
    const letter = this.#text[start + 1];
    const simple = letter === undefined ? undefined : ASSERTION_LETTERS[letter];
    if (simple !== undefined) {
      this.#at += 2;
      return assertion(simple);
    }
    switch (letter) {
      case 'E':
      case 'K': // Moves the start of what matched, which nginx never looks at.
        this.#at += 2;
        return undefined;
      case 'N':
        this.#at += 2;
        if (this.#text[this.#at] === '{') {
          return this.#fail('\\N{U+dddd} is supported only in Unicode (UTF) mode');
        }
        return this.#set(allBut(NEWLINE));
      case 'C':
        this.#at += 2;
        return this.#set(ALL_BYTES);
      case 'R':
        this.#at += 2;
        return LINE_BREAK;
      case 'X':
        return this.#refuse('\\X', start);
      case 'g':
      case 'k':
        return this.#referenceEscape(letter);
    }
    const reference = this.#numberedReference();
    if (reference !== undefined) return reference;
    const { value, end } = readEscape(this.#text, start);
    this.#at = end;
    return typeof value === 'number' ? this.#byte(value) : this.#set(value);
  }

  /** `\1`: a group where there are that many or it is one digit; otherwise an octal number. */
  #numberedReference(): RegexNode | undefined {
    const digits = /^\\([1-9][0-9]*)/.exec(this.#text.slice(this.#at))?.[1];
    if (digits === undefined) return undefined;
    const number = Number(digits);
    const isOctal = number > 9 && number > countGroups(this.#text);
    if (isOctal) return undefined;
    this.#at += 1 + digits.length;
    return this.#referTo(number, this.#at - 1);
  }

  /** `\g{n}`, `\g{-n}`, `\g{name}`, `\gn`, `\k{name}`, `\k<name>`, `\k'name'`. */
  #referenceEscape(letter: string): RegexNode {
    const rest = this.#text.slice(this.#at);
    if (/^\\g[<']/.test(rest)) this.#refuse(rest.slice(0, 3), this.#at);
    const form =
      letter === 'g'
        ? /^\\g(?:\{([-+]?[0-9]+|[A-Za-z_0-9]+)\}|([-+]?[0-9]+))/
        : /^\\k(?:\{([A-Za-z_0-9]+)\}|<([A-Za-z_0-9]+)>|'([A-Za-z_0-9]+)')/;
    const match = form.exec(rest);
    if (match === null) {
      this.#fail(
        letter === 'g'
          ? 'a numbered reference must not be zero'
          : '\\k is not followed by a braced, angle-bracketed, or quoted name',
        this.#at + 2,
      );
    }
    this.#at += match[0].length;
    const to = match[1] ?? match[2] ?? match[3] ?? '';
    if (!/^[-+]?[0-9]+$/.test(to)) return this.#referTo(to, this.#at - 1 - to.length);
    if (to.startsWith('+')) this.#refuse('\\g{+n}', this.#at);
    const number = to.startsWith('-') ? this.#groupCount + 1 + Number(to) : Number(to);
    if (number <= 0) this.#fail('reference to non-existent subpattern', this.#at - 1);
    return this.#referTo(number, this.#at - 1);
  }

  #bracket(): RegexNode {
    const { caseless, moreExtended } = this.#options;
    const { set, end } = readBracket(this.#text, this.#at, caseless, moreExtended);
    this.#at = end;
    return { kind: 'set', set };
  }

  #byte(byte: number): RegexNode {
    return this.#set(oneByte(byte));
  }

  #set(set: ByteSet): RegexNode {
    return { kind: 'set', set: this.#options.caseless ? bothCases(set) : set };
  }

  #fail(text: string, offset: number = this.#at): never {
    failPattern(text, offset);
  }

  #refuse(construct: string, offset: number): never {
    refuseConstruct(construct, offset);
  }
}

/** A quantifier: lowest and highest count in braces, and `?` or `+` for lazy or possessive. */
const QUANTIFIER = /^(?:[*+?]|\{([0-9]+)(?:(,)([0-9]*))?\})([+?]?)/;

function upper(low: string, comma: string | undefined, high: string | undefined): number {
  if (comma === undefined) return Number(low);
  return high === '' || high === undefined ? Number.POSITIVE_INFINITY : Number(high);
}

function assertion(at: AssertionKind): RegexNode {
  return { kind: 'assertion', at };
}

/** How many capturing groups a pattern has: escapes and brackets apart, every plain `(`. */
function countGroups(text: string): number {
  const bare = text.replace(/\\.|\[\^?\]?(?:\\.|[^\]])*\]/gs, '');
  return bare.match(/\((?!\?)|\(\?P?<(?![=!])|\(\?'/g)?.length ?? 0;
}

const ASSERTION_LETTERS: Readonly<Record<string, AssertionKind>> = {
  A: 'start',
  G: 'start', // matching always begins at the first byte
  Z: 'end',
  z: 'veryEnd',
  b: 'wordBoundary',
  B: 'noWordBoundary',
};

/** `\R`: CR LF as one, or any one line break. */
const LINE_BREAK: RegexNode = {
  kind: 'atomic',
  body: {
    kind: 'choice',
    options: [
      {
        kind: 'sequence',
        items: [
          { kind: 'set', set: oneByte(13) },
          { kind: 'set', set: oneByte(10) },
        ],
      },
      { kind: 'set', set: VERTICAL },
    ],
  },
};
