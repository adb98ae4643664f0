/**
 * Regular expressions of configuration files: PCRE's language, run by JavaScript's engine. What
 * JavaScript cannot do is refused while the configuration is read, and so is what could hold a
 * thread for ever (`regex-cost.ts` has the rule; `regex-emit.ts` the translation).
 *
 * Subjects are latin1 strings, one character per byte, as everything of HTTP here is.
 */

import { fail, type Place } from './directive.ts';
import { findExplosion } from './regex-cost.ts';
import { emitRegex } from './regex-emit.ts';
import { PatternError } from './regex-error.ts';
import { DEGREE_LIMIT, growthDegree } from './regex-growth.ts';
import { parsePattern } from './regex-parse.ts';
import type { RegexTree } from './regex-tree.ts';

/** Text of a match at 0, of its groups from 1; `undefined` for a group that took no part. */
export type Captures = readonly (string | undefined)[];

/** A compiled regular expression. Made by `compileRegex`. */
export class Regex {
  /** The pattern as it stands in the file. */
  readonly pattern: string;
  readonly isCaseless: boolean;
  /** Named groups with their numbers, in the order of the pattern; nginx makes variables of them. */
  readonly names: readonly (readonly [name: string, number: number])[];
  /** How many capturing groups there are; `$1` to `$9` reach the first nine. */
  readonly captureCount: number;
  /** 1 where work grows as the length of the subject, 2 as its square, and so on. */
  readonly growthDegree: number;
  /**
   * Longest subject in bytes that is sure to be done in about a second. Matching does not look at
   * it: whoever matches what a client sent compares first (nginx: PCRE's match limit, status 500).
   */
  readonly subjectLimit: number;
  /** For `combine`. */
  readonly tree: RegexTree;
  readonly #capturing: RegExp;
  readonly #testing: RegExp;
  /** Numbers of our groups in the matches, or `undefined` where they are the same. */
  readonly #groups: readonly number[] | undefined;

  constructor(pattern: string, isCaseless: boolean, tree: RegexTree) {
    const emitted = emitRegex(tree, true);
    this.pattern = pattern;
    this.isCaseless = isCaseless;
    this.names = tree.names;
    this.captureCount = tree.groupCount;
    this.growthDegree = growthDegree(tree.root);
    this.subjectLimit = subjectLimit(this.growthDegree);
    this.tree = tree;
    this.#capturing = new RegExp(emitted.source);
    this.#testing = new RegExp(emitRegex(tree, false).source);
    const isSame = emitted.groups.every((number, index) => number === index + 1);
    this.#groups = isSame && emitted.groupCount === tree.groupCount ? undefined : emitted.groups;
  }

  /** Whether the subject matches somewhere. */
  test(subject: string): boolean {
    return this.#testing.test(subject);
  }

  /** The first match with its groups, or null. */
  exec(subject: string): Captures | null {
    const match = this.#capturing.exec(subject);
    if (match === null || this.#groups === undefined) return match;
    const captures: (string | undefined)[] = [match[0]];
    for (const number of this.#groups) captures.push(match[number]);
    return captures;
  }
}

/**
 * Compiles a pattern; `isCaseless` is nginx's `~*`. Throws ConfigError at `at`: in nginx's words
 * where PCRE refuses the pattern, in ours where JavaScript cannot run it or it could hold a thread.
 */
export function compileRegex(pattern: string, isCaseless: boolean, at: Place): Regex {
  const key = `${isCaseless ? '~*' : '~'} ${pattern}`;
  let regex = compiled.get(key);
  if (regex === undefined) {
    regex = compile(pattern, isCaseless, at);
    if (compiled.size >= KEPT_REGEXES) compiled.clear();
    compiled.set(key, regex);
  }
  return regex;
}

/** Many servers share their expressions: each is compiled once. A Regex holds no state of a match. */
const compiled = new Map<string, Regex>();
const KEPT_REGEXES = 10_000;

function compile(pattern: string, isCaseless: boolean, at: Place): Regex {
  try {
    const tree = parsePattern(pattern, isCaseless);
    const explosion = findExplosion(tree.root);
    if (explosion !== undefined) {
      fail(
        at,
        `regular expression "${pattern}" has ${explosion}, which can hold a thread for ever`,
      );
    }
    const regex = new Regex(pattern, isCaseless, tree);
    if (regex.growthDegree > DEGREE_LIMIT) {
      fail(
        at,
        `regular expression "${pattern}" has more than ${DEGREE_LIMIT} loops that can share text one after another, which can hold a thread for ever`,
      );
    }
    regex.test(''); // the engine compiles at the first match; what is too large fails here
    return regex;
  } catch (error) {
    if (error instanceof PatternError) fail(at, describe(pattern, error));
    if (error instanceof SyntaxError || error instanceof RangeError) {
      fail(at, `regular expression "${pattern}" is too large: ${error.message}`);
    }
    throw error;
  }
}

/** nginx: ngx_regex_compile prints where PCRE stopped, unless it was the end. */
function describe(pattern: string, error: PatternError): string {
  if (error.isOurs) return `regular expression "${pattern}": ${error.message}`;
  const rest = error.offset < pattern.length ? ` at "${pattern.slice(error.offset)}"` : '';
  return `pcre2_compile() failed: ${error.message} in "${pattern}"${rest}`;
}

/**
 * One expression that matches where any of the given ones does: a quick test before they are tried
 * one by one in their order. It says nothing of which one matches.
 */
export function combine(regexes: readonly Regex[]): RegExp {
  const [first] = regexes;
  const known = first === undefined ? undefined : combined.get(first);
  if (known !== undefined && isSameList(known.of, regexes)) return known.any;
  const any = alternation(regexes);
  if (first !== undefined) combined.set(first, { of: [...regexes], any });
  return any;
}

/** The last alternation that began with an expression: servers that are alike share it. */
const combined = new WeakMap<Regex, { readonly of: readonly Regex[]; readonly any: RegExp }>();

function isSameList(one: readonly Regex[], other: readonly Regex[]): boolean {
  return one.length === other.length && one.every((regex, index) => regex === other[index]);
}

function alternation(regexes: readonly Regex[]): RegExp {
  const sources: string[] = [];
  let groups = 0;
  for (const { tree } of regexes) {
    const { source, groupCount } = emitRegex(tree, false, groups);
    sources.push(`(?:${source})`);
    groups += groupCount;
  }
  return new RegExp(sources.length === 0 ? '[]' : sources.join('|'));
}

/** About a second of the engine's steps. */
const STEPS = 1e9;

/** The length n where n^degree / degree! ways, as many as chains of loops have, take STEPS. */
function subjectLimit(degree: number): number {
  if (degree === 1) return Number.POSITIVE_INFINITY;
  let factorial = 1;
  for (let factor = 2; factor <= degree; factor++) factorial *= factor;
  return Math.floor((STEPS * factorial) ** (1 / degree));
}
