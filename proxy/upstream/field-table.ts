/**
 * Field names to small numbers, without making a string per look: names of a length that the table
 * does not have are told at once, the others by their first letter.
 */

/** What clients and upstreams make up must not fill the memory. */
const MOST_MET = 500;
const LONGEST_MET = 40;

interface Entry {
  readonly lower: string;
  readonly code: number;
}

/** A set of field names, each with a code above 0. Built at load, read for every field. */
export class FieldTable {
  readonly #byLength: (Entry[] | undefined)[] = [];
  /** Spellings met before. wire/field-names.ts makes one string of each, whose hash is at hand. */
  readonly #met = new Map<string, number>();

  /** Adds a name in any case, in place of what it had. */
  set(name: string, code: number): void {
    const lower = name.toLowerCase();
    const entries = (this.#byLength[lower.length] ?? []).filter((each) => each.lower !== lower);
    entries.push({ lower, code });
    while (this.#byLength.length <= lower.length) this.#byLength.push(undefined);
    this.#byLength[lower.length] = entries;
    this.#met.clear();
  }

  /** The code of a name in any case, or 0. */
  codeOf(name: string): number {
    const met = this.#met.get(name);
    if (met !== undefined) return met;
    const code = this.#find(name);
    if (this.#met.size < MOST_MET && name.length <= LONGEST_MET) this.#met.set(name, code);
    return code;
  }

  #find(name: string): number {
    const { length } = name;
    if (length >= this.#byLength.length) return 0;
    const entries = this.#byLength[length];
    if (entries === undefined) return 0;
    for (let i = 0; i < entries.length; i++) {
      const { lower, code } = entries[i]!;
      if ((name.charCodeAt(0) | 0x20) === (lower.charCodeAt(0) | 0x20) && isSame(name, lower)) {
        return code;
      }
    }
    return 0;
  }
}

function isSame(name: string, lower: string): boolean {
  if (name === lower) return true;
  for (let i = 0; i < name.length; i++) {
    let code = name.charCodeAt(i);
    if (code >= 0x41 && code <= 0x5a) code |= 0x20;
    if (code !== lower.charCodeAt(i)) return false;
  }
  return true;
}
