/**
 * Owned copies of borrowed bytes, from a pool.
 *
 * Allocating 16 KB for a copy takes twenty times as long as copying it, so buffers that were
 * written to a socket come back here. Whoever passes a chunk to `write` gives it away, and only
 * what `ownBytes` made is ever taken back.
 */

const SLAB_BYTES = 64 * 1024;
/** Free memory the pool keeps per thread: 4 MB. */
const MOST_FREE_SLABS = 64;
/** Below this a plain copy from Node's own pool is as fast. */
const SMALLEST_POOLED_BYTES = 2048;

/** Node's own, which work on any Uint8Array; `latin1Slice` is `toString` without its checks. */
const nodeBuffer = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, from: number, to: number): string;
  copy(this: Uint8Array, target: Uint8Array, at: number, from: number, to: number): number;
};
const { latin1Slice, copy: copyBytes } = nodeBuffer;

const SLAB = Symbol('slab');

type SlabMemory = ArrayBufferLike & { [SLAB]?: Buffer };

const free: Buffer[] = [];

/**
 * Copies bytes `from`..`to`, for `write`, which takes ownership. Not for keeping: the memory
 * is used again after the write.
 */
export function ownBytes(bytes: Uint8Array, from: number, to: number): Buffer {
  const length = to - from;
  if (length < SMALLEST_POOLED_BYTES || length > SLAB_BYTES) {
    return Buffer.from(bytes.subarray(from, to));
  }
  const slab = free.pop() ?? newSlab();
  const copy = length === SLAB_BYTES ? slab : slab.subarray(0, length);
  // Without a view of the source, which would cost more than the copy of a kilobyte.
  copyBytes.call(bytes, slab, 0, from, to);
  return copy;
}

/** Memory of at most 64 KB to be filled and given to `write`, which takes it back as from `ownBytes`. */
export function ownMemory(length: number): Buffer {
  const slab = free.pop() ?? newSlab();
  return length === SLAB_BYTES ? slab : slab.subarray(0, length);
}

function newSlab(): Buffer {
  const slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  (slab.buffer as SlabMemory)[SLAB] = slab;
  return slab;
}

/** Takes back the memory of a chunk that `ownBytes` made and the kernel has copied. */
export function recycle(chunk: Uint8Array): void {
  const slab = (chunk.buffer as SlabMemory)[SLAB];
  if (slab !== undefined && free.length < MOST_FREE_SLABS) free.push(slab);
}

/** Decodes bytes `from`..`to`, one character per byte. */
export function latin1(bytes: Uint8Array, from: number, to: number): string {
  return latin1Slice.call(bytes, from, to);
}

/** Reads up to this size are decoded whole, so that their content is at hand as text. */
const SHORT_READ_BYTES = 16384;
/** Of longer ones so much is decoded in search of a head: their content stays bytes. */
const HEAD_BYTES = 2048;

/** How far a read that begins with (the rest of) a head at `at` should be decoded at first. */
export function decodeEnd(at: number, to: number): number {
  return to - at <= SHORT_READ_BYTES ? to : at + HEAD_BYTES;
}
