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
  copy.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to));
  return copy;
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

/** Node's decoder without the argument checks of `toString`; it works on any Uint8Array. */
const nodeBuffer = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, from: number, to: number): string;
};
const { latin1Slice } = nodeBuffer;

/** Decodes bytes `from`..`to`, one character per byte. */
export function latin1(bytes: Uint8Array, from: number, to: number): string {
  return latin1Slice.call(bytes, from, to);
}
