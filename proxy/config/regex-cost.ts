/**
 * Judges how long a match may take, before any request is matched. JavaScript's engine tries one way
 * after another and has no limit of steps, as PCRE has; one hostile URL could hold a thread for good.
 *
 * The rule. A pattern explodes when some loop can go around over the same text in two ways: each
 * further round then doubles the work. `(a+)+`, `(a|a)*`, `(.*)*`, `(\w+\s?)*` explode; `(/[^/]+)*`
 * and `(a|b)*` do not, since every text goes through them in one way. This is the ambiguity test on
 * the automaton of byte positions (Glushkov's): a loop explodes where two different paths of the same
 * bytes lead from a position back to itself. Patterns that explode are refused.
 *
 * What is left grows at most as a power of the subject's length, `growthDegree`: 1 for `^/a/(.*)$`,
 * 2 for `(.*)/(.*)`. Bounding the subject's length bounds the work.
 */

import { ALL_BYTES, type ByteSet, NO_BYTES, type RegexNode } from './regex-tree.ts';

/** Counts in braces, multiplied, from here on are judged like a loop unless the body is plain. */
const MANY = 10;
/** Fixed counts up to this are judged copy by copy; beyond, two copies stand for all. */
const COPIES = 24;
/** Positions one loop may have; more are not judged but refused. */
const LOOP_LIMIT = 700;

/** Why a pattern may take for ever, in words for the operator; `undefined` where it may not. */
export function findExplosion(root: RegexNode): string | undefined {
  const automaton = new Automaton();
  automaton.add(root);
  if (automaton.hasEmptyRounds) return 'a counted group that may match nothing';
  for (const inner of automaton.looks) {
    const found = findExplosion(inner);
    if (found !== undefined) return found;
  }
  const reach = automaton.reachability();
  for (const loop of automaton.loops(reach)) {
    if (loop.length > LOOP_LIMIT) return 'a repeated group too large to be judged';
    if (automaton.isAmbiguous(loop)) {
      return 'a repeated group that can match the same text in more than one way';
    }
  }
  return undefined;
}

interface Fragment {
  readonly isNullable: boolean;
  readonly first: readonly number[];
  readonly last: readonly number[];
}

const NOTHING: Fragment = { isNullable: true, first: [], last: [] };

/** Positions are the bytes of the pattern; an edge says which byte may follow which. */
class Automaton {
  readonly looks: RegexNode[] = [];
  /** A count over a body that may be empty, as in `(a?){30}`: rounds may be skipped in any choice. */
  hasEmptyRounds = false;
  /** How often the counts around multiply what is inside: `(x{5}){5}` is 25 rounds of x. */
  #rounds = 1;
  readonly #sets: ByteSet[] = [];
  readonly #next: number[][] = [];
  /** Edges that two different ways through the pattern make: `from * 2^20 + to`. */
  readonly #twice = new Set<number>();
  /** Bytes that cannot follow a position, since an atomic loop there has taken them all. */
  readonly #taken = new Map<number, ByteSet>();

  add(node: RegexNode): Fragment {
    switch (node.kind) {
      case 'set':
        return this.#position(node.set);
      case 'backreference':
        return this.#position(ALL_BYTES);
      case 'assertion':
        return NOTHING;
      case 'look':
        this.looks.push(node.body);
        return NOTHING;
      case 'group':
        return this.add(node.body);
      case 'atomic':
        return this.#atomic(node.body);
      case 'choice':
        return this.#choice(node.options);
      case 'sequence':
        return node.items.reduce<Fragment>(
          (left, item) => this.#join(left, this.add(item)),
          NOTHING,
        );
      case 'repeat':
        return this.#repeat(node.body, node.min, node.max);
    }
  }

  #position(set: ByteSet): Fragment {
    const position = this.#sets.push(set) - 1;
    this.#next.push([]);
    return { isNullable: false, first: [position], last: [position] };
  }

  /** `[a-z]++` takes every letter there is: what follows it cannot begin with one. */
  #atomic(body: RegexNode): Fragment {
    const fragment = this.add(body);
    if (body.kind === 'repeat' && body.max === Number.POSITIVE_INFINITY && !body.isLazy) {
      const inner = body.body;
      if (inner.kind === 'set') this.#taken.set(fragment.last[0]!, inner.set);
    }
    return fragment;
  }

  #choice(options: readonly RegexNode[]): Fragment {
    const parts = options.map((option) => this.add(option));
    return {
      isNullable: parts.some((part) => part.isNullable),
      first: parts.flatMap((part) => part.first),
      last: parts.flatMap((part) => part.last),
    };
  }

  #join(left: Fragment, right: Fragment): Fragment {
    this.#connect(left.last, right.first);
    return {
      isNullable: left.isNullable && right.isNullable,
      first: left.isNullable ? [...left.first, ...right.first] : left.first,
      last: right.isNullable ? [...left.last, ...right.last] : right.last,
    };
  }

  #repeat(body: RegexNode, min: number, max: number): Fragment {
    if (max === 0) return NOTHING;
    const isEndless = max === Number.POSITIVE_INFINITY;
    const rounds = this.#rounds;
    if (!isEndless) this.#rounds *= max;
    const isLoop = isEndless || (this.#rounds >= MANY && max > 1 && !isPlain(body));
    const fragment = isLoop ? this.#loop(body, min, isEndless) : this.#copies(body, min, max);
    this.#rounds = rounds;
    return fragment;
  }

  #loop(body: RegexNode, min: number, isEndless: boolean): Fragment {
    const inner = this.add(body);
    if (inner.isNullable && !isEndless) this.hasEmptyRounds = true;
    this.#connect(inner.last, inner.first);
    return min === 0 ? { ...inner, isNullable: true } : inner;
  }

  /** A counted body, copy by copy; where the count is large and fixed, two stand for all. */
  #copies(body: RegexNode, min: number, max: number): Fragment {
    const copies = max <= COPIES ? max : 2;
    let whole: Fragment = NOTHING;
    for (let copy = 0; copy < copies; copy++) {
      const part = this.add(body);
      const isOptional = copy >= min || (max > COPIES && copy > 0 && min !== max);
      whole = this.#join(whole, isOptional ? { ...part, isNullable: true } : part);
    }
    return whole;
  }

  #connect(from: readonly number[], to: readonly number[]): void {
    for (const left of from) {
      const next = this.#next[left]!;
      const taken = this.#taken.get(left) ?? NO_BYTES;
      for (const right of to) {
        if ((this.#sets[right]! & ~taken) === NO_BYTES) continue;
        if (next.includes(right)) this.#twice.add(left * 0x100000 + right);
        else next.push(right);
      }
    }
  }

  /** For each position, which ones can follow it sooner or later, as bits. */
  reachability(): readonly bigint[] {
    const reach = this.#next.map((next) =>
      next.reduce((bits, to) => bits | (1n << BigInt(to)), 0n),
    );
    for (let changed = true; changed; ) {
      changed = false;
      for (let from = reach.length - 1; from >= 0; from--) {
        let bits = reach[from]!;
        for (const to of this.#next[from]!) bits |= reach[to]!;
        if (bits !== reach[from]) changed = true;
        reach[from] = bits;
      }
    }
    return reach;
  }

  /** Groups of positions that can reach each other. */
  loops(reach: readonly bigint[]): number[][] {
    const seen = new Set<number>();
    const found: number[][] = [];
    const reaches = (from: number, to: number) => ((reach[from]! >> BigInt(to)) & 1n) === 1n;
    for (let start = 0; start < reach.length; start++) {
      if (seen.has(start) || !reaches(start, start)) continue;
      const loop: number[] = [];
      for (let other = start; other < reach.length; other++) {
        if (reaches(start, other) && reaches(other, start)) loop.push(other);
      }
      for (const position of loop) seen.add(position);
      found.push(loop);
    }
    return found;
  }

  /** Whether two different paths of the same bytes lead around the loop. */
  isAmbiguous(loop: readonly number[]): boolean {
    const members = new Set(loop);
    for (const from of loop) {
      for (const to of this.#next[from]!) {
        if (members.has(to) && this.#twice.has(from * 0x100000 + to)) return true;
      }
    }
    const split = this.#pairs(loop, members, false);
    const merge = this.#pairs(loop, members, true);
    for (const pair of split) if (merge.has(pair)) return true;
    return false;
  }

  /** Unequal pairs that the same bytes reach from an equal pair, or, backwards, reach one from. */
  #pairs(loop: readonly number[], members: ReadonlySet<number>, isBackwards: boolean): Set<number> {
    const steps = isBackwards ? this.#reversed(loop, members) : this.#next;
    const found = new Set<number>();
    const open: [number, number][] = loop.map((position) => [position, position]);
    for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
      const [left, right] = pair;
      // Backwards an edge spells the byte it came from, which must fit both.
      for (const a of steps[left]!) {
        if (!members.has(a)) continue;
        for (const b of steps[right]!) {
          if (!members.has(b) || a === b) continue;
          if ((this.#sets[a]! & this.#sets[b]!) === NO_BYTES) continue;
          const key = Math.min(a, b) * 0x100000 + Math.max(a, b);
          if (found.has(key)) continue;
          found.add(key);
          open.push([a, b]);
        }
      }
    }
    return found;
  }

  #reversed(loop: readonly number[], members: ReadonlySet<number>): number[][] {
    const reversed: number[][] = this.#next.map(() => []);
    for (const from of loop) {
      for (const to of this.#next[from]!) if (members.has(to)) reversed[to]!.push(from);
    }
    return reversed;
  }
}

/** Whether a body is bytes in a row: it matches one length in one way. */
function isPlain(node: RegexNode): boolean {
  if (node.kind === 'set' || node.kind === 'assertion') return true;
  if (node.kind === 'group' || node.kind === 'atomic') return isPlain(node.body);
  if (node.kind === 'repeat') return node.min === node.max && isPlain(node.body);
  return node.kind === 'sequence' && node.items.every(isPlain);
}
