/**
 * Shared memory that keeps a few numbers for each key, exact across the threads of a process:
 * nginx's slab pool with a tree and a queue, as limit_req and limit_conn use it.
 *
 * ```
 * | header | buckets: first cell of each chain | cell 1 | cell 2 | ...        cells of 64 bytes
 *
 * first cell of an entry   next | chain | newer | older | hash | length | last | excess | count | key
 * every further cell       next | key ...
 * ```
 *
 * A cell is named by its number from 1, 0 is none. An address of IPv4 or IPv6 in binary takes one
 * cell; a megabyte holds about 15 thousand. Every method wants the lock to be held.
 */
import { randomInt } from 'node:crypto';
import { acquire, type LockOwner, release } from './lock.ts';

const CELL_BYTES = 64;
const CELL_WORDS = CELL_BYTES / Int32Array.BYTES_PER_ELEMENT;
const CELL_NUMBERS = CELL_BYTES / Float64Array.BYTES_PER_ELEMENT;

// Words of the header, which takes the place of one cell.
const LOCK = 0;
const SEED = 1;
const EPOCH = 2;
const FREE_LIST = 3;
/** Cells that were ever used: what follows needs no list. */
const USED = 4;
const FREE_COUNT = 5;
const NEWEST = 6;
const OLDEST = 7;

// Words of a cell.
const NEXT = 0;
const CHAIN = 1;
const NEWER = 2;
const OLDER = 3;
const HASH = 4;
const LENGTH = 5;
const COUNT = 10;
// Float64s of a cell.
const LAST = 3;
const EXCESS = 4;

const FIRST_KEY_BYTE = 44;
const MORE_KEY_BYTE = 4;
const FIRST_KEY_ROOM = CELL_BYTES - FIRST_KEY_BYTE;
const MORE_KEY_ROOM = CELL_BYTES - MORE_KEY_BYTE;

/** See the top of the file. Each thread makes one over the same memory. */
export class KeyZone {
  private readonly words: Int32Array<SharedArrayBuffer>;
  private readonly numbers: Float64Array<SharedArrayBuffer>;
  private readonly bytes: Uint8Array<SharedArrayBuffer>;
  private readonly owner: LockOwner;
  private readonly bucketMask: number;
  private readonly cellCount: number;
  /** Cells' words begin at `cell * CELL_WORDS + this`. */
  private readonly wordBase: number;

  /** `buffer` is zeroed memory, 4 KB at least. */
  constructor(buffer: SharedArrayBuffer, owner: LockOwner) {
    const whole = Math.floor(buffer.byteLength / CELL_BYTES);
    this.words = new Int32Array(buffer, 0, whole * CELL_WORDS);
    this.numbers = new Float64Array(buffer, 0, whole * CELL_NUMBERS);
    this.bytes = new Uint8Array(buffer, 0, whole * CELL_BYTES);
    this.owner = owner;
    const buckets = Math.max(CELL_WORDS, 2 ** Math.floor(Math.log2(whole)));
    this.bucketMask = buckets - 1;
    this.wordBase = buckets;
    this.cellCount = whole - 1 - buckets / CELL_WORDS;
  }

  /** Locks; a zone whose lock was left by a thread that ended starts anew. */
  lock(): void {
    if (!acquire(this.words, LOCK, this.owner)) this.reset();
    if (this.words[SEED] === 0) this.begin();
  }

  unlock(): void {
    release(this.words, LOCK);
  }

  /** Changes when the zone started anew: cells known from before are void. */
  get epoch(): number {
    return this.words[EPOCH]!;
  }

  /** The entry of `key`, one byte per character; 0 where there is none. */
  find(key: string): number {
    const { words } = this;
    const hash = this.hashOf(key);
    let cell = words[this.bucketOf(hash)]!;
    while (cell !== 0) {
      const at = this.at(cell);
      if (words[at + HASH] === hash && this.hasKey(cell, key)) return cell;
      cell = words[at + CHAIN]!;
    }
    return 0;
  }

  /** A new entry for `key`, which has none, as the newest one; 0 where no memory is left. */
  insert(key: string): number {
    const { words } = this;
    if (cellsFor(key.length) > words[FREE_COUNT]!) return 0;
    const cell = this.take();
    const at = this.at(cell);
    const hash = this.hashOf(key);
    const bucket = this.bucketOf(hash);
    words[at + HASH] = hash;
    words[at + LENGTH] = key.length;
    words[at + COUNT] = 0;
    words[at + CHAIN] = words[bucket]!;
    words[bucket] = cell;
    this.writeKey(cell, key);
    this.pushNewest(cell);
    return cell;
  }

  remove(cell: number): void {
    this.unchain(cell);
    this.unqueue(cell);
    let freed = cell;
    while (freed !== 0) {
      const next = this.words[this.at(freed) + NEXT]!;
      this.give(freed);
      freed = next;
    }
  }

  /** Makes an entry the newest. */
  touch(cell: number): void {
    if (this.words[NEWEST] === cell) return;
    this.unqueue(cell);
    this.pushNewest(cell);
  }

  /** The entry that was touched longest ago; 0 where there is none. */
  get oldest(): number {
    return this.words[OLDEST]!;
  }

  count(cell: number): number {
    return this.words[this.at(cell) + COUNT]!;
  }

  setCount(cell: number, count: number): void {
    this.words[this.at(cell) + COUNT] = count;
  }

  /** When the entry was last counted, in epoch milliseconds. */
  last(cell: number): number {
    return this.numbers[this.at(cell) / 2 + LAST]!;
  }

  setLast(cell: number, last: number): void {
    this.numbers[this.at(cell) / 2 + LAST] = last;
  }

  excess(cell: number): number {
    return this.numbers[this.at(cell) / 2 + EXCESS]!;
  }

  setExcess(cell: number, excess: number): void {
    this.numbers[this.at(cell) / 2 + EXCESS] = excess;
  }

  private begin(): void {
    // Not 0, and not to be guessed: a client that may choose keys must not choose their chains.
    this.words[SEED] = randomInt(1, 0x7fffffff);
    this.words[FREE_COUNT] = this.cellCount;
  }

  private reset(): void {
    const epoch = this.epoch;
    this.words.fill(0, SEED, this.wordBase + CELL_WORDS);
    this.words[EPOCH] = (epoch + 1) | 0;
    this.begin();
  }

  private at(cell: number): number {
    return this.wordBase + cell * CELL_WORDS;
  }

  private bucketOf(hash: number): number {
    return CELL_WORDS + (hash & this.bucketMask);
  }

  private hashOf(key: string): number {
    let hash = this.words[SEED]!;
    for (let i = 0; i < key.length; i++) {
      hash = Math.imul(hash ^ key.charCodeAt(i), 0x5bd1e995);
      hash ^= hash >>> 15;
    }
    return hash;
  }

  private hasKey(cell: number, key: string): boolean {
    const { bytes, words } = this;
    if (words[this.at(cell) + LENGTH] !== key.length) return false;
    let start = this.at(cell) * 4 + FIRST_KEY_BYTE;
    let room = FIRST_KEY_ROOM;
    let part = cell;
    for (let i = 0, used = 0; i < key.length; i++, used++) {
      if (used === room) {
        part = words[this.at(part) + NEXT]!;
        start = this.at(part) * 4 + MORE_KEY_BYTE;
        room = MORE_KEY_ROOM;
        used = 0;
      }
      if (bytes[start + used] !== key.charCodeAt(i)) return false;
    }
    return true;
  }

  /** Takes the further cells that the key wants. */
  private writeKey(cell: number, key: string): void {
    const { bytes, words } = this;
    let start = this.at(cell) * 4 + FIRST_KEY_BYTE;
    let room = FIRST_KEY_ROOM;
    let part = cell;
    for (let i = 0, used = 0; i < key.length; i++, used++) {
      if (used === room) {
        const next = this.take();
        words[this.at(part) + NEXT] = next;
        part = next;
        start = this.at(part) * 4 + MORE_KEY_BYTE;
        room = MORE_KEY_ROOM;
        used = 0;
      }
      bytes[start + used] = key.charCodeAt(i);
    }
  }

  /** A free cell; the caller has seen that there is one. */
  private take(): number {
    const { words } = this;
    words[FREE_COUNT]! -= 1;
    const listed = words[FREE_LIST]!;
    const cell = listed === 0 ? words[USED]! + 1 : listed;
    if (listed === 0) words[USED] = cell;
    else words[FREE_LIST] = words[this.at(cell) + NEXT]!;
    words[this.at(cell) + NEXT] = 0;
    return cell;
  }

  private give(cell: number): void {
    const { words } = this;
    words[this.at(cell) + NEXT] = words[FREE_LIST]!;
    words[FREE_LIST] = cell;
    words[FREE_COUNT]! += 1;
  }

  private unchain(cell: number): void {
    const { words } = this;
    const at = this.at(cell);
    let link = this.bucketOf(words[at + HASH]!);
    while (words[link] !== cell) link = this.at(words[link]!) + CHAIN;
    words[link] = words[at + CHAIN]!;
  }

  private pushNewest(cell: number): void {
    const { words } = this;
    const at = this.at(cell);
    const former = words[NEWEST]!;
    words[at + NEWER] = 0;
    words[at + OLDER] = former;
    words[NEWEST] = cell;
    if (former === 0) words[OLDEST] = cell;
    else words[this.at(former) + NEWER] = cell;
  }

  private unqueue(cell: number): void {
    const { words } = this;
    const at = this.at(cell);
    const newer = words[at + NEWER]!;
    const older = words[at + OLDER]!;
    if (newer === 0) words[NEWEST] = older;
    else words[this.at(newer) + OLDER] = older;
    if (older === 0) words[OLDEST] = newer;
    else words[this.at(older) + NEWER] = newer;
  }
}

function cellsFor(keyLength: number): number {
  return 1 + Math.ceil(Math.max(0, keyLength - FIRST_KEY_ROOM) / MORE_KEY_ROOM);
}
