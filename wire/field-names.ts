/**
 * Field names as strings, each spelling made once: most messages carry the same few names, and one
 * string per spelling lets later looks compare by identity.
 *
 * A direct-mapped cache of bounded size: a name that falls on another's place replaces it, so what a
 * peer sends can cost time but no memory.
 */

const SLOTS = 512;
/** Longer names are made each time. */
const LONGEST_KEPT = 40;

class Known {
  readonly text: string;
  readonly bytes: Uint8Array;

  constructor(text: string, bytes: Uint8Array) {
    this.text = text;
    this.bytes = bytes;
  }
}

const slots: (Known | undefined)[] = new Array<Known | undefined>(SLOTS).fill(undefined);

/**
 * The name that stands in `bytes` from `at` up to and without `end`, which is at the same positions of
 * `text`, its latin1 string.
 */
export function fieldName(bytes: Uint8Array, text: string, at: number, end: number): string {
  const length = end - at;
  if (length > LONGEST_KEPT) return text.substring(at, end);
  const slot = (length * 61 + bytes[at]! * 7 + bytes[end - 1]!) & (SLOTS - 1);
  const known = slots[slot];
  if (known !== undefined && isSame(known.bytes, bytes, at, length)) return known.text;
  return keep(slot, bytes, at, end);
}

function isSame(name: Uint8Array, bytes: Uint8Array, at: number, length: number): boolean {
  if (name.length !== length) return false;
  for (let index = 0; index < length; index++) {
    if (name[index]! !== bytes[at + index]!) return false;
  }
  return true;
}

/** A string of its own: a slice of the text would keep the whole text in memory. */
function keep(slot: number, bytes: Uint8Array, at: number, end: number): string {
  const copy = Buffer.from(bytes.subarray(at, end));
  const text = copy.toString('latin1');
  slots[slot] = new Known(text, copy);
  return text;
}
