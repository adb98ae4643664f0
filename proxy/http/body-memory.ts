/**
 * Memory for request content of the common sizes. A new buffer of 16 KB costs more than the request
 * that fills it, so buffers are used again once the request they were lent to is over.
 */
import type { HttpRequest } from './request.ts';

/** `client_body_buffer_size` by default. */
const SLAB_BYTES = 16 * 1024;
/** Below this Node's own pool is as fast. */
const SMALLEST_SLAB_USE = 2048;
/** Slabs kept per thread: 4 MB. */
const MOST_SLABS = 256;
/** How many loans are looked at for one that is over. */
const LOOKS = 4;

interface Loan {
  readonly slab: Buffer;
  readonly r: HttpRequest;
}

const loans: Loan[] = [];

/**
 * A buffer of `size` bytes for content of `r`. It belongs to the request until it is over
 * (`r.isDone`), the access log included, and to somebody else afterwards.
 */
export function borrowMemory(r: HttpRequest, size: number): Buffer {
  if (size > SLAB_BYTES || size < SMALLEST_SLAB_USE) return Buffer.allocUnsafe(size);
  const slab = freeSlab() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
  if (loans.length < MOST_SLABS) loans.push({ slab, r });
  return size === SLAB_BYTES ? slab : slab.subarray(0, size);
}

function freeSlab(): Buffer | undefined {
  const looks = Math.min(LOOKS, loans.length);
  for (let i = 0; i < looks; i++) {
    if (!loans[i]!.r.isDone) continue;
    const { slab } = loans[i]!;
    loans.splice(i, 1);
    return slab;
  }
  return undefined;
}
