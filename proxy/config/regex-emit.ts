/**
 * Writes a tree as a JavaScript regular expression without flags that matches what PCRE matches:
 *
 * - `.` stops at LF alone; `\s`, `\w`, `\b` and POSIX classes are ASCII; caseless letters fold in
 *   ASCII only, spelled as sets, so that options may change inside a pattern.
 * - `$` matches at the end and before a final LF, as in PCRE and so in nginx: `\.php$` matches
 *   `/x.php%0A`. Write `\z` for the very end.
 * - Atomic groups and possessive quantifiers are a lookahead, which is never entered again, and a
 *   reference to what it captured.
 * - A reference to a group that took no part fails in PCRE and matches nothing in JavaScript; where
 *   the group may have taken no part, the pattern is refused.
 *
 * Differences that stay, all in what a repeated group captured: in PCRE a group inside a repeated
 * one keeps its last text, in JavaScript it is empty again where the last round went around it
 * (`(?:(a)|b)*` on `ab`); and JavaScript never counts a round that matched nothing (`(x?)*`).
 */

import { PatternError } from './regex-error.ts';
import { mayBeEmpty } from './regex-length.ts';
import {
  ALL_BYTES,
  type AssertionKind,
  allBut,
  type ByteSet,
  hasByte,
  type RegexNode,
  type RegexTree,
} from './regex-tree.ts';

/** JavaScript source, and where PCRE's groups are in its matches. */
export interface EmittedRegex {
  readonly source: string;
  /** At n-1 the JavaScript number of group n; without entries where no captures were asked for. */
  readonly groups: readonly number[];
  /** How many groups the source has. */
  readonly groupCount: number;
}

/**
 * Emits a tree. Without `capture` groups are kept only where a reference needs them, and numbered
 * after `firstGroup`, so that sources can be joined into one expression.
 */
export function emitRegex(tree: RegexTree, capture: boolean, firstGroup = 0): EmittedRegex {
  const emitter = new Emitter(tree, capture, firstGroup);
  const source = emitter.top(tree.root);
  return { source, groups: emitter.groups, groupCount: emitter.count - firstGroup };
}

class Emitter {
  readonly groups: number[] = [];
  count: number;
  readonly #capture: boolean;
  readonly #referred = new Set<number>();
  readonly #numbers = new Map<number, number>();
  /** Groups that surely took part when the node at hand is reached. */
  #sure = new Set<number>();

  constructor(tree: RegexTree, capture: boolean, firstGroup: number) {
    this.#capture = capture;
    this.count = firstGroup;
    collectReferences(tree.root, this.#referred);
  }

  /** The whole pattern: a `$` that ends it may take the final newline, since nobody asks how far. */
  top(node: RegexNode): string {
    const options = node.kind === 'choice' ? node.options : [node];
    return this.#options(options, (option) => {
      const items = option.kind === 'sequence' ? option.items : [option];
      const last = items.at(-1);
      if (last?.kind !== 'assertion' || last.at !== 'end') return this.#node(option);
      return `${this.#sequence(items.slice(0, -1))}\\n?$`;
    });
  }

  #node(node: RegexNode): string {
    switch (node.kind) {
      case 'set':
        return emitSet(node.set);
      case 'assertion':
        return ASSERTIONS[node.at];
      case 'sequence':
        return this.#sequence(node.items);
      case 'choice':
        return this.#options(node.options, (option) => this.#node(option));
      case 'group':
        return this.#group(node.number, node.body);
      case 'atomic': {
        const number = ++this.count;
        return `(?:(?=(${this.#node(node.body)}))\\${number})`;
      }
      case 'look':
        return this.#look(node.isBehind, node.isNegative, node.body);
      case 'repeat':
        return this.#repeat(node.body, node.min, node.max, node.isLazy);
      case 'backreference':
        return this.#backreference(node.number, node.isCaseless);
    }
  }

  #sequence(items: readonly RegexNode[]): string {
    return items
      .map((item) => (item.kind === 'choice' ? this.#grouped(item) : this.#node(item)))
      .join('');
  }

  /** Alternatives: sure afterwards is only what every one of them sets. */
  #options(options: readonly RegexNode[], emit: (option: RegexNode) => string): string {
    const before = this.#sure;
    let common: Set<number> | undefined;
    const sources = options.map((option) => {
      this.#sure = new Set(before);
      const source = emit(option);
      common = common === undefined ? this.#sure : inBoth(common, this.#sure);
      return source;
    });
    this.#sure = common ?? before;
    return sources.join('|');
  }

  #group(number: number, body: RegexNode): string {
    const isKept = this.#capture || this.#referred.has(number);
    if (isKept) {
      this.#numbers.set(number, ++this.count);
      if (this.#capture) this.groups[number - 1] = this.count;
    }
    const source = this.#node(body);
    this.#sure.add(number);
    return isKept ? `(${source})` : `(?:${source})`;
  }

  #look(isBehind: boolean, isNegative: boolean, body: RegexNode): string {
    const before = new Set(this.#sure);
    const source = this.#node(body);
    if (isNegative) this.#sure = before;
    return `(?:(?${isBehind ? '<' : ''}${isNegative ? '!' : '='}${source}))`;
  }

  #repeat(body: RegexNode, min: number, max: number, isLazy: boolean): string {
    const before = new Set(this.#sure);
    const source = this.#grouped(body);
    if (min === 0) this.#sure = before;
    if (min === 0 && max === 1 && mayBeEmpty(body)) {
      // JavaScript tries another way where an optional body matched nothing; PCRE takes it.
      return isLazy ? `(?:|${source})` : `(?:${source}|)`;
    }
    return `${source}${quantifier(min, max)}${isLazy ? '?' : ''}`;
  }

  #grouped(node: RegexNode): string {
    const source = this.#node(node);
    const isOne =
      node.kind === 'set' ||
      node.kind === 'group' ||
      node.kind === 'look' ||
      node.kind === 'atomic';
    return isOne ? source : `(?:${source})`;
  }

  #backreference(number: number, isCaseless: boolean): string {
    const emittedNumber = this.#numbers.get(number);
    if (emittedNumber === undefined || !this.#sure.has(number)) {
      throw new PatternError(
        'a back reference to a group that may not have taken part is not supported by Tandem',
        0,
        true,
      );
    }
    return `(?${isCaseless ? 'i' : ''}:\\${emittedNumber})`;
  }
}

function inBoth(left: ReadonlySet<number>, right: ReadonlySet<number>): Set<number> {
  return new Set([...left].filter((number) => right.has(number)));
}

function collectReferences(node: RegexNode, into: Set<number>): void {
  if (node.kind === 'backreference') into.add(node.number);
  else if (node.kind === 'sequence') for (const item of node.items) collectReferences(item, into);
  else if (node.kind === 'choice') for (const one of node.options) collectReferences(one, into);
  else if ('body' in node) collectReferences(node.body, into);
}

const ASSERTIONS: Readonly<Record<AssertionKind, string>> = {
  start: '^',
  end: '(?=\\n?$)',
  veryEnd: '$',
  lineStart: '(?:^|(?<=\\n)(?!$))',
  lineEnd: '(?=\\n|$)',
  wordBoundary: '\\b',
  noWordBoundary: '\\B',
};

function quantifier(min: number, max: number): string {
  if (max === Number.POSITIVE_INFINITY) {
    if (min === 0) return '*';
    return min === 1 ? '+' : `{${min},}`;
  }
  if (min === 0 && max === 1) return '?';
  return min === max ? `{${min}}` : `{${min},${max}}`;
}

/** Sets met before: patterns are mostly letters, and looking at 256 bits takes time. */
const emitted = new Map<ByteSet, string>();

/** One byte as itself, everything as `[^]`, and anything else in the shorter of two brackets. */
function emitSet(set: ByteSet): string {
  let source = emitted.get(set);
  if (source === undefined) {
    source = bracketOf(set);
    if (emitted.size < 4096) emitted.set(set, source);
  }
  return source;
}

function bracketOf(set: ByteSet): string {
  if (set === ALL_BYTES) return '[^]';
  const plain = ranges(set);
  const [first] = plain;
  if (first !== undefined && plain.length === 1 && first[0] === first[1]) return emitByte(first[0]);
  const negated = ranges(allBut(set));
  const isNegated = negated.length < plain.length;
  return `[${isNegated ? '^' : ''}${(isNegated ? negated : plain).map(emitRange).join('')}]`;
}

function ranges(set: ByteSet): [low: number, high: number][] {
  const found: [number, number][] = [];
  for (let byte = 0; byte < 256; byte++) {
    if (!hasByte(set, byte)) continue;
    const last = found.at(-1);
    if (last !== undefined && last[1] === byte - 1) last[1] = byte;
    else found.push([byte, byte]);
  }
  return found;
}

function emitRange([low, high]: readonly [number, number]): string {
  if (low === high) return emitByte(low);
  return `${emitByte(low)}${high === low + 1 ? '' : '-'}${emitByte(high)}`;
}

function emitByte(byte: number): string {
  const character = String.fromCharCode(byte);
  return /[\w ~!@#%&=:;"'<>,`]/.test(character)
    ? character
    : `\\x${byte.toString(16).padStart(2, '0')}`;
}
