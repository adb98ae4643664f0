/** How many bytes a part of a pattern takes; PCRE2 wants to know it of a lookbehind. */

import type { RegexNode } from './regex-tree.ts';

/** PCRE2: every alternative of a lookbehind has one length, not all the same one. */
export function isFixedBehind(body: RegexNode): boolean {
  const options = body.kind === 'choice' ? body.options : [body];
  return options.every((option) => lengthOf(option) !== undefined);
}

/** Bytes a node always takes, or `undefined` where that varies. */
function lengthOf(node: RegexNode): number | undefined {
  switch (node.kind) {
    case 'set':
      return 1;
    case 'look':
    case 'assertion':
      return 0;
    case 'backreference':
      return undefined;
    case 'group':
    case 'atomic':
      return lengthOf(node.body);
    case 'repeat': {
      const length = lengthOf(node.body);
      return length === undefined || node.min !== node.max ? undefined : length * node.min;
    }
    case 'choice': {
      const lengths = new Set(node.options.map(lengthOf));
      return lengths.size === 1 ? [...lengths][0] : undefined;
    }
    case 'sequence': {
      let total = 0;
      for (const item of node.items) {
        const length = lengthOf(item);
        if (length === undefined) return undefined;
        total += length;
      }
      return total;
    }
  }
}

/** Whether a node can match without taking a byte. */
export function mayBeEmpty(node: RegexNode): boolean {
  switch (node.kind) {
    case 'set':
      return false;
    case 'sequence':
      return node.items.every(mayBeEmpty);
    case 'choice':
      return node.options.some(mayBeEmpty);
    case 'repeat':
      return node.min === 0 || mayBeEmpty(node.body);
    case 'group':
    case 'atomic':
      return mayBeEmpty(node.body);
    default:
      return true;
  }
}
