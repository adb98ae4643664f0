/**
 * The links that reply content passes on its way to the client (nginx's output body filters).
 *
 * ```
 *              write, flush, end  ->
 * producer -> [range] -> [sub] -> [gzip] -> exchange
 *              <- drained (there is room again)
 * ```
 * Header filters have their links join the chain, each behind those that joined before it, so that content
 * meets them in the order of modules/order.ts.
 */
import type { BodyOutput } from './phases.ts';
import type { HttpRequest } from './request.ts';

/** One link. Passes everything on as it is; a filter overrides what it does otherwise. */
export abstract class BodyFilter implements BodyOutput {
  /** Whether content goes through untouched, so that whoever sends it may still begin anywhere. */
  readonly passesContent: boolean = false;
  protected readonly r: HttpRequest;
  /** Where content goes from here; set when the link joins. */
  next: BodyOutput;
  /** The link before this one; `undefined` where the producer is. */
  previous: BodyFilter | undefined = undefined;

  constructor(r: HttpRequest) {
    this.r = r;
    this.next = r.exchange;
  }

  /** See `BodyOutput`. A link that answered false calls `askForMore` once it has room. */
  write(chunk: Uint8Array | string): boolean {
    return this.next.write(chunk);
  }

  /** Passes on what is held back only to be sent in larger pieces. */
  flush(): void {
    this.next.flush();
  }

  end(chunk?: Uint8Array | string, trailers?: string): void {
    this.next.end(chunk, trailers);
  }

  /** What is behind has room again, after a `write` to it answered false. */
  drained(): void {
    this.askForMore();
  }

  /** The reply will not be completed: lets go of everything. Nothing follows. */
  abandon(): void {}

  /** Asks who is before this link to go on. */
  protected askForMore(): void {
    if (this.previous !== undefined) this.previous.drained();
    else this.r.producer?.drained();
  }
}

/** Content that may wait for a head before the producer has to. */
const HELD_BYTES = 64 * 1024;

/** Keeps the content until the head may leave: for a header filter that answered AGAIN. */
export class HeldReply extends BodyFilter {
  private chunks: (Uint8Array | string)[] = [];
  private bytes = 0;
  private isReleased = false;
  private isEnded = false;
  private trailers: string | undefined = undefined;

  /** The head leaves with what was kept, and what follows passes. */
  release(): void {
    if (!this.r.sendHeldHead()) return;
    this.isReleased = true;
    const { chunks, bytes, next } = this;
    this.chunks = [];
    let hasRoom = true;
    for (const chunk of chunks) hasRoom = next.write(chunk);
    if (this.isEnded) next.end(undefined, this.trailers);
    else {
      next.flush();
      if (hasRoom && bytes >= HELD_BYTES) this.askForMore();
    }
  }

  override write(chunk: Uint8Array | string): boolean {
    if (this.isReleased) return this.next.write(chunk);
    this.chunks.push(chunk);
    this.bytes += chunk.length;
    return this.bytes < HELD_BYTES;
  }

  override flush(): void {
    if (this.isReleased) this.next.flush();
  }

  override end(chunk?: Uint8Array | string, trailers?: string): void {
    if (this.isReleased) {
      this.next.end(chunk, trailers);
      return;
    }
    if (chunk !== undefined) this.chunks.push(chunk);
    this.isEnded = true;
    this.trailers = trailers;
  }

  override abandon(): void {
    this.chunks = [];
  }
}
