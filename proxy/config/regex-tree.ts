/** The shape of a parsed regular expression. All subjects are bytes, one latin1 character each. */

/** A set of byte values: bit n stands for byte n. */
export type ByteSet = bigint;

export const NO_BYTES: ByteSet = 0n;
export const ALL_BYTES: ByteSet = (1n << 256n) - 1n;

export function oneByte(byte: number): ByteSet {
  return 1n << BigInt(byte);
}

/** Bytes from `low` to `high`, both included. */
export function byteRange(low: number, high: number): ByteSet {
  return ((1n << BigInt(high - low + 1)) - 1n) << BigInt(low);
}

export function allBut(set: ByteSet): ByteSet {
  return ALL_BYTES & ~set;
}

export function hasByte(set: ByteSet, byte: number): boolean {
  return ((set >> BigInt(byte)) & 1n) === 1n;
}

const UPPER = byteRange(0x41, 0x5a);
const LOWER = byteRange(0x61, 0x7a);

/** The set with both cases of every ASCII letter in it; PCRE folds nothing else in the C locale. */
export function bothCases(set: ByteSet): ByteSet {
  return set | ((set & UPPER) << 32n) | ((set & LOWER) >> 32n);
}

export type RegexNode =
  /** One byte out of a set. */
  | { readonly kind: 'set'; readonly set: ByteSet }
  | { readonly kind: 'sequence'; readonly items: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly options: readonly RegexNode[] }
  /** A capturing group, numbered from 1. */
  | { readonly kind: 'group'; readonly number: number; readonly body: RegexNode }
  /** Once matched, not given back. */
  | { readonly kind: 'atomic'; readonly body: RegexNode }
  | {
      readonly kind: 'look';
      readonly isBehind: boolean;
      readonly isNegative: boolean;
      readonly body: RegexNode;
    }
  | {
      readonly kind: 'repeat';
      readonly body: RegexNode;
      readonly min: number;
      readonly max: number;
      readonly isLazy: boolean;
    }
  | { readonly kind: 'assertion'; readonly at: AssertionKind }
  | { readonly kind: 'backreference'; readonly number: number; readonly isCaseless: boolean };

/**
 * `end` is before a final newline or at the end (`$`, `\Z`), `veryEnd` at the end alone (`\z`);
 * the line kinds are `^` and `$` under `(?m)`.
 */
export type AssertionKind =
  | 'start'
  | 'end'
  | 'veryEnd'
  | 'lineStart'
  | 'lineEnd'
  | 'wordBoundary'
  | 'noWordBoundary';

/** What the parser makes of a pattern. */
export interface RegexTree {
  readonly root: RegexNode;
  readonly groupCount: number;
  /** Names of groups with their numbers, in the order of the pattern. */
  readonly names: readonly (readonly [name: string, number: number])[];
}

export const EMPTY: RegexNode = { kind: 'sequence', items: [] };
