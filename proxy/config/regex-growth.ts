/**
 * How the work of a match grows with the length of its subject, for patterns that do not explode
 * (`regex-cost.ts`): the degree of the polynomial, estimated from above.
 *
 * Every way through the pattern is a row of loops and single bytes. Two loops share text where some
 * byte fits both and everything between them; each further loop of such a chain multiplies the work
 * by the length. A pattern without `^` begins with a loop of its own: the search for a start.
 */

import { ALL_BYTES, type ByteSet, NO_BYTES, type RegexNode } from './regex-tree.ts';

/** One step of a way: a byte, a loop over bytes, or the start of the subject. */
interface Step {
  readonly kind: 'byte' | 'loop' | 'start';
  readonly set: ByteSet;
  readonly isOptional: boolean;
}

type Way = readonly Step[];

/** Ways looked at; a pattern with more is estimated by those with the most loops. */
const WAY_LIMIT = 64;
/** Copies of a counted body looked at. */
const COPY_LIMIT = 8;
/** A byte that may be repeated this often is a loop, though it ends. */
const MANY = 10;

/** The highest degree that is taken; beyond it even short subjects take too long. */
export const DEGREE_LIMIT = 5;

/** 1 where work grows as the length, 2 as its square, and so on. */
export function growthDegree(root: RegexNode): number {
  let degree = 1;
  const bodies = [root];
  for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
    for (const way of waysThrough(body, bodies)) {
      const isAnchored = body !== root || way[0]?.kind === 'start';
      degree = Math.max(degree, longestChain(isAnchored ? way : [SEARCH, ...way]));
    }
  }
  return degree;
}

const SEARCH: Step = { kind: 'loop', set: ALL_BYTES, isOptional: true };

/** Ways through a node; bodies of loops and lookarounds are judged by themselves, via `bodies`. */
function waysThrough(node: RegexNode, bodies: RegexNode[]): Way[] {
  switch (node.kind) {
    case 'set':
      return [[{ kind: 'byte', set: node.set, isOptional: false }]];
    case 'backreference':
      return [[{ kind: 'loop', set: ALL_BYTES, isOptional: true }]];
    case 'assertion':
      return [node.at === 'start' ? [{ kind: 'start', set: NO_BYTES, isOptional: true }] : []];
    case 'look':
      bodies.push(node.body);
      return [[]];
    case 'group':
    case 'atomic':
      return waysThrough(node.body, bodies);
    case 'choice':
      return heaviest(node.options.flatMap((option) => waysThrough(option, bodies)));
    case 'sequence':
      return node.items.reduce<Way[]>((ways, item) => cross(ways, waysThrough(item, bodies)), [[]]);
    case 'repeat':
      return waysAround(node.body, node.min, node.max, bodies);
  }
}

function waysAround(body: RegexNode, min: number, max: number, bodies: RegexNode[]): Way[] {
  if (max === Number.POSITIVE_INFINITY || (body.kind === 'set' && max >= MANY && max > min)) {
    if (body.kind !== 'set') bodies.push(body);
    return [[{ kind: 'loop', set: unionOf(body), isOptional: min === 0 }]];
  }
  const once = waysThrough(body, bodies);
  let ways: Way[] = [[]];
  for (let copy = 0; copy < Math.min(max, COPY_LIMIT); copy++) {
    ways = cross(ways, copy < min ? once : [...once, []]);
  }
  return ways;
}

function cross(left: readonly Way[], right: readonly Way[]): Way[] {
  return heaviest(left.flatMap((head) => right.map((tail) => [...head, ...tail])));
}

/** The ways with the most loops, where there are too many. */
function heaviest(ways: Way[]): Way[] {
  if (ways.length <= WAY_LIMIT) return ways;
  const loops = (way: Way) => way.filter((step) => step.kind === 'loop').length;
  return ways
    .map((way) => ({ way, weight: loops(way) }))
    .sort((left, right) => right.weight - left.weight)
    .slice(0, WAY_LIMIT)
    .map(({ way }) => way);
}

function unionOf(node: RegexNode): ByteSet {
  switch (node.kind) {
    case 'set':
      return node.set;
    case 'backreference':
      return ALL_BYTES;
    case 'assertion':
    case 'look':
      return NO_BYTES;
    case 'sequence':
      return node.items.reduce((set, item) => set | unionOf(item), NO_BYTES);
    case 'choice':
      return node.options.reduce((set, option) => set | unionOf(option), NO_BYTES);
    default:
      return unionOf(node.body);
  }
}

/** The most loops of one way that can share text one after another. */
function longestChain(way: Way): number {
  const lengths: number[] = [];
  let longest = 0;
  for (const [index, step] of way.entries()) {
    let length = step.kind === 'loop' ? 1 : 0;
    for (let before = 0; length > 0 && before < index; before++) {
      if (lengths[before]! >= length && shareText(way, before, index))
        length = lengths[before]! + 1;
    }
    lengths.push(length);
    longest = Math.max(longest, length);
  }
  return longest;
}

function shareText(way: Way, from: number, to: number): boolean {
  const shared = way[from]!.set & way[to]!.set;
  if (shared === NO_BYTES) return false;
  for (let between = from + 1; between < to; between++) {
    const step = way[between]!;
    if (!step.isOptional && (step.set & shared) === NO_BYTES) return false;
  }
  return true;
}
