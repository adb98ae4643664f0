/** A connection after an upgrade: bytes both ways, on either side of a proxy. */
import type { Socket } from 'node:net';
import type { Tunnel, TunnelSink } from '../wire/exchange.ts';
import { reportFault } from './fault.ts';
import type { Outbox, OutboxUser } from './outbox.ts';
import type { SocketUser } from './socket.ts';

/** Who gave a socket to a tunnel. */
export interface TunnelOwner {
  /** The socket is gone, its sink knows. */
  tunnelClosed(tunnel: SocketTunnel): void;
}

/** See `Tunnel`. Takes a socket and its outbox over. */
export class SocketTunnel implements Tunnel, SocketUser, OutboxUser {
  /** Bytes from the peer, early ones included. */
  receivedBytes = 0;
  readonly #socket: Socket;
  readonly #outbox: Outbox;
  readonly #sink: TunnelSink;
  readonly #owner: TunnelOwner;
  /** What the outbox was given before there was a tunnel. */
  readonly #givenBefore: number;
  #isDrainAwaited = false;
  #isClosed = false;
  #isEndPending = false;
  #isPaused = false;
  #early: Buffer | undefined = undefined;

  constructor(socket: Socket, outbox: Outbox, sink: TunnelSink, owner: TunnelOwner) {
    this.#socket = socket;
    this.#outbox = outbox;
    this.#sink = sink;
    this.#owner = owner;
    this.#givenBefore = outbox.givenBytes;
    outbox.changeUser(this);
  }

  /** Bytes written to the peer. */
  get sentBytes(): number {
    return Math.max(0, this.#outbox.writtenBytes - this.#givenBefore);
  }

  write(chunk: Uint8Array | string): boolean {
    if (this.#isClosed) return false;
    if (typeof chunk === 'string') this.#outbox.addText(chunk);
    else this.#outbox.addBytes(chunk);
    if (!this.#outbox.isFull) return true;
    this.#isDrainAwaited = true;
    return false;
  }

  end(): boolean {
    if (this.#isClosed) return false;
    this.#outbox.flush();
    this.#socket.end();
    if (this.#outbox.isEmpty) return true;
    this.#isDrainAwaited = true;
    return false;
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#outbox.flush();
    this.#socket.destroy();
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    const early = this.#early;
    if (early !== undefined) {
      this.#early = undefined;
      this.#sink.data(early, 0, early.length);
    }
    if (this.#isPaused || this.#isClosed) return;
    if (!this.#isEndPending) {
      this.#socket.resume();
      return;
    }
    this.#isEndPending = false;
    this.#sink.end();
  }

  /** Bytes that came before there was a tunnel, given to the sink once its maker has the tunnel. */
  giveEarly(bytes: Buffer): void {
    this.receivedBytes += bytes.length;
    this.#early = bytes;
    this.pause();
    queueMicrotask(() => {
      try {
        this.resume();
      } catch (error) {
        this.threw(error);
      }
    });
  }

  received(bytes: Uint8Array, length: number): void {
    this.receivedBytes += length;
    this.#sink.data(bytes, 0, length);
  }

  /** @internal the peer's end may have come before the tunnel. */
  peerEnded(): void {
    if (this.#isPaused) this.#isEndPending = true;
    else this.#sink.end();
  }

  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#outbox.close();
    try {
      this.#sink.closed();
    } catch (error) {
      this.threw(error);
    }
    this.#owner.tunnelClosed(this);
  }

  sent(): void {
    if (!this.#isDrainAwaited) return;
    this.#isDrainAwaited = false;
    this.#sink.drained();
  }

  sendTimedOut(): void {
    this.#socket.destroy();
  }

  threw(error: unknown): void {
    this.#socket.destroy();
    try {
      if (this.#sink.threw !== undefined) this.#sink.threw(error);
      else reportFault(error);
    } catch (further) {
      reportFault(error);
      reportFault(further);
    }
  }
}
