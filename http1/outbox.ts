/**
 * What is on its way out of one socket: text and buffers in order, joined into as few system calls
 * as their owner's turn allows, and watched for a peer that stops reading.
 */
import type { Socket } from 'node:net';
import { latin1, recycle } from './bytes.ts';
import { threadClock } from './clock.ts';
import { writeDirectly } from './direct-write.ts';
import { unsentBytes } from './socket.ts';
import { Timeout, type Timers } from './timers.ts';
import { enterTurn, type Flushable, flushLater, leaveTurn } from './turn.ts';

/** Smaller chunks are copied into the text beside them: one write instead of one per piece. */
const SMALL_CHUNK_BYTES = 4096;
/** Node writes a string of up to 16 KB from the stack; beyond this a text is not added to. */
const LONG_TEXT_LENGTH = 16384;
/** Unwritten bytes above which the writer is asked to wait. */
const FULL_BYTES = 65536;
/** A standstill is looked for this many times within the send timeout. */
const LOOKS = 4;

/** Who owns an outbox. */
export interface OutboxUser {
  /** Everything that was added has been handed to the kernel. */
  sent(): void;
  /** The peer took nothing for the send timeout. */
  sendTimedOut(): void;
  /** One of the above, or writing, threw `error`: ends what is served. Must not throw. */
  threw(error: unknown): void;
}

/** The writing side of a socket. */
export class Outbox extends Timeout implements Flushable {
  readonly #socket: Socket;
  #user: OutboxUser;
  readonly #timers: Timers;
  /** Text at the end of the queue. */
  #text = '';
  /** What comes before the text. */
  #parts: (string | Uint8Array)[] | undefined = undefined;
  /** What was flushed and the kernel has not taken. */
  #unsentParts: (string | Uint8Array)[] | undefined = undefined;
  #addedBytes = 0;
  #isScheduled = false;
  #isHeld = false;
  #isWaiting = false;
  /** Bytes given to the handle past Node's queue that the kernel has not taken. */
  #directBytes = 0;
  #unsentBytes: number | undefined = 0;
  #idleLooks = 0;
  /** Bytes given to the kernel or to Node's queue. */
  writtenBytes = 0;
  /** nginx `send_timeout`: between two successive writes; 0 is none. */
  sendTimeoutMs = 0;

  constructor(socket: Socket, user: OutboxUser, timers: Timers) {
    super();
    this.#socket = socket;
    this.#user = user;
    this.#timers = timers;
  }

  /** Someone else hears of it from now on. */
  changeUser(user: OutboxUser): void {
    this.#user = user;
  }

  /** Whether the kernel did not take all that was flushed. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** Whether nothing is left to be written. */
  get isEmpty(): boolean {
    return this.#addedBytes === 0 && !this.#isWaiting;
  }

  /** Bytes added since the socket was there, written or not. */
  get givenBytes(): number {
    return this.writtenBytes + this.#addedBytes;
  }

  /** Whether the writer should wait for `sent`. */
  get isFull(): boolean {
    return this.#addedBytes + this.#directBytes + this.#socket.writableLength >= FULL_BYTES;
  }

  /** Adds latin1 text, to be flushed with the turn. */
  addText(text: string): void {
    const size = this.#addedBytes + text.length;
    this.#addedBytes = size;
    if (this.#text === '') this.#text = text;
    else if (this.#text.length + text.length <= LONG_TEXT_LENGTH) this.#text += text;
    else {
      this.#push(this.#text);
      this.#text = text;
    }
    this.#schedule();
  }

  /** Adds bytes and takes ownership of them. */
  addBytes(bytes: Uint8Array): void {
    if (bytes.length <= SMALL_CHUNK_BYTES) {
      this.addText(latin1(bytes, 0, bytes.length));
      recycle(bytes);
      return;
    }
    if (this.#text !== '') {
      this.#push(this.#text);
      this.#text = '';
    }
    this.#push(bytes);
    this.#addedBytes += bytes.length;
    this.#schedule();
  }

  #push(part: string | Uint8Array): void {
    if (this.#parts === undefined) this.#parts = [part];
    else this.#parts.push(part);
  }

  #schedule(): void {
    if (this.#addedBytes >= FULL_BYTES) this.flush();
    else if (!this.#isScheduled) {
      this.#isScheduled = true;
      flushLater(this);
    }
  }

  /** Keeps everything back until `release`: the socket is not connected yet. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.flush();
  }

  /** Makes sure that `sent` is called even if nothing was added since the last time. */
  askSent(): void {
    if (this.#addedBytes === 0 && !this.#isWaiting) this.#schedule();
  }

  /** Writes what was added. */
  flush(): void {
    this.#isScheduled = false;
    if (this.#isHeld) return;
    if (this.#addedBytes === 0) {
      if (!this.#isWaiting) this.#user.sent();
      return;
    }
    const text = this.#text;
    const parts = this.#parts;
    this.writtenBytes += this.#addedBytes;
    this.#text = '';
    this.#parts = undefined;
    this.#addedBytes = 0;
    const socket = this.#socket;
    if (socket.destroyed) return;
    if (parts === undefined) this.#writeText(text);
    else writeParts(socket, parts, text);
    if (socket.writableLength === 0 && this.#directBytes === 0) {
      if (parts !== undefined) recycleParts(parts);
      this.#user.sent();
    } else {
      if (parts !== undefined) this.#keepUnsent(parts);
      if (!this.#isWaiting) this.#wait();
    }
  }

  /** Their memory comes back once the kernel has all of it. */
  #keepUnsent(parts: (string | Uint8Array)[]): void {
    const unsent = this.#unsentParts;
    if (unsent === undefined) this.#unsentParts = parts;
    else for (let i = 0; i < parts.length; i++) unsent.push(parts[i]!);
  }

  #writeText(text: string): void {
    const socket = this.#socket;
    const left = socket.writableLength === 0 ? writeDirectly(socket, text) : -1;
    if (left < 0) socket.write(text, 'latin1');
    else this.#directBytes = left;
  }

  /** Waits for the kernel: an empty write completes after all before it. */
  #wait(): void {
    this.#isWaiting = true;
    this.#idleLooks = 0;
    this.#unsentBytes = unsentBytes(this.#socket);
    this.#armLook();
    this.#socket.write('', 'latin1', (error) => {
      if (error !== undefined && error !== null) return;
      try {
        this.#waited();
      } catch (thrown) {
        this.threw(thrown);
      }
    });
  }

  #waited(): void {
    const socket = this.#socket;
    this.#isWaiting = false;
    this.#timers.disarm(this);
    if (socket.destroyed) return;
    // What was flushed since then may wait in Node's queue or below it.
    this.#directBytes = unsentBytes(socket) ?? 0;
    if (socket.writableLength !== 0 || this.#directBytes !== 0) {
      this.#wait();
      return;
    }
    const unsent = this.#unsentParts;
    this.#unsentParts = undefined;
    if (unsent !== undefined) recycleParts(unsent);
    threadClock.refresh();
    enterTurn();
    try {
      this.#user.sent();
    } finally {
      leaveTurn();
    }
  }

  #armLook(): void {
    if (this.sendTimeoutMs > 0) this.#timers.arm(this, this.sendTimeoutMs / LOOKS);
  }

  /** @internal looks whether the peer took anything since the last look. */
  timedOut(): void {
    if (!this.#isWaiting) return;
    const unsent = unsentBytes(this.#socket);
    if (unsent === undefined || unsent === this.#unsentBytes) this.#idleLooks++;
    else this.#idleLooks = 0;
    this.#unsentBytes = unsent;
    if (this.#idleLooks >= LOOKS) this.#user.sendTimedOut();
    else this.#armLook();
  }

  /** @internal */
  override threw(error: unknown): void {
    this.#user.threw(error);
  }

  /** Forgets what was added and the timer. */
  close(): void {
    this.#timers.disarm(this);
    this.#isWaiting = false;
    this.#text = '';
    this.#parts = undefined;
    // A write that the kernel has not taken may still read these.
    this.#unsentParts = undefined;
    this.#addedBytes = 0;
  }
}

/** One writev for all of them. */
function writeParts(socket: Socket, parts: readonly (string | Uint8Array)[], text: string): void {
  socket.cork();
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    if (typeof part === 'string') socket.write(part, 'latin1');
    else socket.write(part);
  }
  if (text !== '') socket.write(text, 'latin1');
  socket.uncork();
}

function recycleParts(parts: readonly (string | Uint8Array)[]): void {
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    if (typeof part !== 'string') recycle(part);
  }
}
