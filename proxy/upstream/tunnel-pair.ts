/**
 * Two tunnels joined after an upgrade: what one side sends the other gets, and whoever cannot take
 * more stops the other. See nginx `ngx_http_upstream_process_upgraded`.
 */
import { ownBytes } from '../../http1/bytes.ts';
import { Timeout, threadTimers } from '../../http1/timers.ts';
import type { Tunnel, TunnelSink } from '../../wire/exchange.ts';

/** Who hears of the pair. */
export interface TunnelPairOwner {
  /** Nothing passed either way for the timeout. */
  tunnelTimedOut(): void;
  /** One side is gone, and with it the exchange: the log is written before the other side follows. */
  tunnelEnding(): void;
  /** Both ways are closed. */
  tunnelOver(): void;
  /** What passes between the two sides threw `error`; both are closed. */
  threw(error: unknown): void;
}

/** Joins `client` and `upstream` once both are known. */
export class TunnelPair extends Timeout {
  readonly #owner: TunnelPairOwner;
  readonly #timeoutMs: number;
  readonly client: TunnelEnd;
  readonly upstream: TunnelEnd;
  /** Whether both sides are there. */
  isJoined = false;
  #isOver = false;

  /** @param timeoutMs longest silence of both sides (`proxy_read_timeout`) */
  constructor(owner: TunnelPairOwner, timeoutMs: number) {
    super();
    this.#owner = owner;
    this.#timeoutMs = timeoutMs;
    this.client = new TunnelEnd(this);
    this.upstream = new TunnelEnd(this);
  }

  /** Bytes flow from now on between the client's tunnel, which is known, and `upstream`. */
  join(upstream: Tunnel): void {
    this.isJoined = true;
    this.client.other = this.upstream;
    this.upstream.tunnel = upstream;
    this.upstream.other = this.client;
    this.active();
  }

  /** Something passed. */
  active(): void {
    if (!this.#isOver && this.#timeoutMs > 0) threadTimers.arm(this, this.#timeoutMs);
  }

  timedOut(): void {
    if (this.#isOver) return;
    this.#owner.tunnelTimedOut();
    this.destroy();
  }

  /** Closes both sides now. */
  destroy(): void {
    this.client.tunnel?.destroy();
    this.upstream.tunnel?.destroy();
  }

  /** Whatever threw, on either side: neither can go on. */
  override threw(error: unknown): void {
    this.#owner.threw(error);
  }

  /** One side is gone: what the other still has to send is sent, then it closes too. */
  sideClosed(side: TunnelEnd): void {
    side.isClosed = true;
    const { other } = side;
    if (other !== undefined && !other.isClosed) {
      this.#owner.tunnelEnding();
      other.finish();
      return;
    }
    if (this.#isOver) return;
    this.#isOver = true;
    threadTimers.disarm(this);
    this.#owner.tunnelOver();
  }
}

/** One side of a pair: hears its own tunnel and writes to the other one. */
export class TunnelEnd implements TunnelSink {
  tunnel: Tunnel | undefined = undefined;
  other: TunnelEnd | undefined = undefined;
  isClosed = false;
  /** Bytes received from this side. */
  receivedBytes = 0;
  readonly #pair: TunnelPair;
  #hasEnded = false;

  constructor(pair: TunnelPair) {
    this.#pair = pair;
  }

  data(bytes: Uint8Array, from: number, to: number): void {
    this.receivedBytes += to - from;
    this.#pair.active();
    const { other } = this;
    if (other === undefined || other.isClosed) return;
    if (!other.tunnel!.write(ownBytes(bytes, from, to))) this.tunnel?.pause();
  }

  drained(): void {
    this.#pair.active();
    if (this.#hasEnded) return;
    this.other?.tunnel?.resume();
  }

  /** nginx closes both sides when one has ended and what it sent was passed on. */
  end(): void {
    this.other?.finish();
  }

  /** Sends what is left, says that nothing follows, and closes when the peer does. */
  finish(): void {
    if (this.#hasEnded || this.isClosed) return;
    this.#hasEnded = true;
    this.tunnel?.end();
    // Nobody reads what this side sends from now on; its own end lets it close.
    this.tunnel?.resume();
  }

  closed(): void {
    this.#pair.sideClosed(this);
  }

  threw(error: unknown): void {
    this.#pair.threw(error);
  }
}
