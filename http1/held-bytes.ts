/**
 * Bytes kept while nobody wants them: a buffer that grows by doubling. Large ones are used again:
 * content whose reader is slow is held and let go once per read.
 */
const FIRST_BYTES = 1024;
/** Smaller ones are cheap to make. */
const SMALLEST_SPARE_BYTES = 64 * 1024;
/** Larger ones are rare. */
const LARGEST_SPARE_BYTES = 512 * 1024;
/** Spare memory kept per thread: 2 MB. */
const MOST_SPARE_BYTES = 2 * 1024 * 1024;

const NONE = Buffer.allocUnsafeSlow(0);
const spares: Buffer[] = [];
let spareBytes = 0;

/** Private copies of borrowed bytes, in order. */
export class HeldBytes {
  bytes: Buffer = NONE;
  length = 0;

  add(bytes: Uint8Array, from: number, to: number): void {
    const length = this.length + to - from;
    if (length > this.bytes.length) this.#grow(length);
    this.bytes.set(bytes.subarray(from, to), this.length);
    this.length = length;
  }

  #grow(length: number): void {
    const former = this.bytes;
    const grown = memoryFor(Math.max(length, former.length * 2, FIRST_BYTES));
    grown.set(former.subarray(0, this.length));
    this.bytes = grown;
    giveBack(former);
  }

  /** Lets go of the memory; nobody may have a view of it. */
  release(): void {
    giveBack(this.bytes);
    this.bytes = NONE;
    this.length = 0;
  }
}

function memoryFor(length: number): Buffer {
  const spare = spares.at(-1);
  if (length < SMALLEST_SPARE_BYTES || spare === undefined || spare.length < length) {
    return Buffer.allocUnsafeSlow(length);
  }
  spares.pop();
  spareBytes -= spare.length;
  return spare;
}

function giveBack(memory: Buffer): void {
  const { length } = memory;
  if (length < SMALLEST_SPARE_BYTES || length > LARGEST_SPARE_BYTES) return;
  if (spareBytes + length > MOST_SPARE_BYTES) return;
  spares.push(memory);
  spareBytes += length;
}
