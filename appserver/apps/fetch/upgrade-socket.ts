/**
 * The socket of a connection that an application takes over: a Duplex whose first bytes are the head
 * of the response, and whose other bytes go whichever way that head opens.
 *
 * ```
 *   write ─> head incomplete ─> kept, at most 16 KB
 *        └─> head complete ──> owner.opened(head): a tunnel for 101, else the content of a response
 *        └─> no head ────────> owner.failed
 * ```
 */
import { Duplex } from 'node:stream';
import { latin1, ownBytes } from '../../../http1/bytes.ts';
import type { ResponseHead, Tunnel, TunnelSink } from '../../../wire/exchange.ts';
import { HeadProblem, readResponseHead, responseHeadLimits } from '../../../wire/head.ts';
import { UpgradeError } from '../../errors.ts';

/** Who gave the socket to the application. */
export interface UpgradeSocketOwner {
  /** The application has written a head. Answers where everything else goes. */
  opened(head: ResponseHead): Tunnel;
  /** The application failed, or gave the socket up with an error; the socket is going. */
  failed(error: Error): void;
  /** The socket is gone, and no head was written. */
  abandoned(): void;
}

type Callback = (error?: Error | null) => void;

const LONGEST_HEAD_BYTES = 16 * 1024;
const HEAD_LIMITS = responseHeadLimits(LONGEST_HEAD_BYTES);
/** What is copied at once: a larger chunk waits for the client piece by piece. */
const PIECE_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/** See the top of the file. */
export class UpgradeSocket extends Duplex {
  /** What the connection tells. An object of its own: a Duplex has other `end` and `closed`. */
  readonly sink: TunnelSink = {
    data: (bytes, from, to) => this.#received(bytes, from, to),
    drained: () => this.#flow(),
    end: () => this.#peerEnded(),
    closed: () => this.#gone(),
    // A listener of the application's, called while bytes are handed to it.
    threw: (error) => this.destroy(error instanceof Error ? error : new Error(String(error))),
  };
  readonly #owner: UpgradeSocketOwner;
  #way: Tunnel | undefined = undefined;
  /** An incomplete head. */
  #text = '';
  /** The chunk on its way, and how much of it has left. */
  #chunk: Buffer = NOTHING;
  #at = 0;
  #done: Callback | undefined = undefined;
  #isPaused = false;
  #hasPeerEnded = false;
  #isEnding = false;

  constructor(owner: UpgradeSocketOwner) {
    // Most clients that shut their side have gone; who waits for nothing but them would wait for ever.
    super({ allowHalfOpen: false });
    this.#owner = owner;
    // The owner has reported it; a socket that nobody listens to must not end the worker.
    this.on('error', () => {});
  }

  // From the application.

  override _write(chunk: Buffer, _encoding: unknown, callback: Callback): void {
    this.#chunk = chunk;
    this.#at = 0;
    this.#done = callback;
    const error = this.#way === undefined ? this.#readHead(chunk) : undefined;
    if (error !== undefined) this.#settle(error);
    else this.#flow();
  }

  #readHead(chunk: Buffer): UpgradeError | undefined {
    const kept = this.#text.length;
    this.#text += latin1(chunk, 0, Math.min(chunk.length, LONGEST_HEAD_BYTES + 1));
    const head = readResponseHead(this.#text, 0, HEAD_LIMITS, kept);
    if (head === undefined) {
      this.#at = chunk.length;
      return undefined;
    }
    if (head instanceof HeadProblem) return noHead(`is faulty: ${head.kind}`);
    const fault = faultOf(head);
    if (fault !== undefined) return noHead(`is faulty: ${fault}`);
    this.#text = '';
    this.#at = head.length - kept;
    this.#way = this.#owner.opened(head);
    return undefined;
  }

  /** Gives on as much as the client has room for. */
  #flow(): void {
    const chunk = this.#chunk;
    while (this.#at < chunk.length) {
      const from = this.#at;
      this.#at = Math.min(from + PIECE_BYTES, chunk.length);
      // A copy: the chunk is the application's again before the kernel has taken it.
      if (this.#way?.write(ownBytes(chunk, from, this.#at)) !== true) return;
    }
    this.#settle();
  }

  /** Tells whoever wrote or ended what became of it. */
  #settle(error?: Error): void {
    const done = this.#done;
    this.#done = undefined;
    this.#chunk = NOTHING;
    this.#at = 0;
    done?.(error);
  }

  override _final(callback: Callback): void {
    if (this.#way === undefined) {
      callback(noHead('is missing: the socket was ended'));
      return;
    }
    this.#isEnding = true;
    this.#done = callback;
    if (this.#way.end()) this.#settle();
  }

  override _read(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#way?.resume();
  }

  override _destroy(error: Error | null, callback: Callback): void {
    if (error !== null) this.#owner.failed(error);
    if (this.#way === undefined) this.#owner.abandoned();
    else this.#way.destroy();
    this.#settle(new UpgradeError('ERR_UPGRADE_CLOSED', 'the connection is closed'));
    callback(error);
  }

  // From the client.

  #received(bytes: Uint8Array, from: number, to: number): void {
    if (this.destroyed) return;
    // A copy: the bytes lie in a buffer that every connection of the thread reads into.
    if (this.push(Buffer.from(bytes.subarray(from, to)))) return;
    this.#isPaused = true;
    this.#way?.pause();
  }

  #peerEnded(): void {
    this.#hasPeerEnded = true;
    this.push(null);
    this.read(0); // Where nobody reads and nothing is left, 'end' comes all the same.
  }

  /** Where both sides have ended in order, what was not read yet may still be. */
  #gone(): void {
    if (this.#hasPeerEnded && this.#isEnding) this.#settle();
    else this.destroy();
  }
}

/** Why a head that can be read is none for a request that asks for an upgrade. */
function faultOf(head: ResponseHead): string | undefined {
  if (head.isChunked) return "Transfer-Encoding is the server's";
  if (head.status >= 200) return undefined;
  if (head.status !== 101) return `status ${head.status}`;
  // RFC 9110 15.2.2.
  return head.fields.some(isUpgradeName) ? undefined : 'no Upgrade field beside status 101';
}

function isUpgradeName(text: string, index: number): boolean {
  return index % 2 === 0 && text.toLowerCase() === 'upgrade';
}

function noHead(what: string): UpgradeError {
  return new UpgradeError('ERR_UPGRADE_HEAD', `the response head of an upgrade ${what}`);
}
