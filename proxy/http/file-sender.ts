/** Streams a file, or ranges of it, with reads on the thread pool and one read under way at a time. */
import { close, read } from 'node:fs';
import { systemErrorText } from '../config/paths.ts';
import { CRIT } from '../log/error-log.ts';
import type { Producer } from './phases.ts';
import type { HttpRequest } from './request.ts';

/** Bytes per read: large enough that reads are few, small enough that a slow client holds little. */
const READ_BYTES = 256 * 1024;

/** A piece of the reply: text before it, then bytes `start` up to and without `end`. */
export interface FilePart {
  readonly head: string;
  readonly start: number;
  readonly end: number;
}

/** Sends parts of a file after the head was sent; ends the reply. */
export class FileSender implements Producer {
  private readonly r: HttpRequest;
  private readonly path: string;
  private readonly parts: readonly FilePart[];
  private readonly tail: string;
  private fd: number;
  private part = 0;
  private at = 0;
  private isReading = false;
  private isBlocked = false;
  private isOver = false;

  /**
   * Takes over the descriptor `fd`; `path` is for the log. `tail` follows the last part (the closing
   * boundary of several ranges).
   */
  constructor(r: HttpRequest, path: string, fd: number, parts: readonly FilePart[], tail: string) {
    this.r = r;
    this.path = path;
    this.fd = fd;
    this.parts = parts;
    this.tail = tail;
    r.producer = this;
  }

  start(): void {
    this.beginPart();
  }

  drained(): void {
    this.isBlocked = false;
    if (!this.isReading && this.fd !== -1) this.readOn();
  }

  abandon(): void {
    this.isOver = true;
    if (!this.isReading) this.release();
  }

  private beginPart(): void {
    const part = this.parts[this.part];
    if (part === undefined) {
      this.finish();
      return;
    }
    this.at = part.start;
    if (part.head !== '' && !this.r.write(part.head)) this.isBlocked = true;
    this.readOn();
  }

  private readOn(): void {
    const part = this.parts[this.part]!;
    if (this.isBlocked || this.isOver) return;
    if (this.at >= part.end) {
      this.part++;
      this.beginPart();
      return;
    }
    const bytes = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, part.end - this.at));
    this.isReading = true;
    read(this.fd, bytes, 0, bytes.length, this.at, (error, length) => {
      this.isReading = false;
      this.r.guard(() => {
        if (this.isOver) this.release();
        else if (error !== null) this.fail('read', error);
        else this.take(bytes, length, part);
      });
    });
  }

  private take(bytes: Buffer, length: number, part: FilePart): void {
    if (length === 0) {
      this.fail('read', new Error(`"${this.path}" became shorter while it was sent`));
      return;
    }
    this.at += length;
    const chunk = length === bytes.length ? bytes : bytes.subarray(0, length);
    const isLast = this.at >= part.end && this.part === this.parts.length - 1 && this.tail === '';
    if (isLast) {
      this.finish(chunk);
      return;
    }
    if (!this.r.write(chunk)) this.isBlocked = true;
    this.readOn();
  }

  private finish(last?: Buffer): void {
    this.isOver = true;
    this.release();
    this.r.producer = undefined;
    this.r.end(last ?? (this.tail === '' ? undefined : this.tail));
  }

  /** The head is out: the only honest answer is to break the connection. */
  private fail(call: string, error: Error): void {
    this.isOver = true;
    this.release();
    this.r.producer = undefined;
    this.r.log(CRIT, `${call}() "${this.path}" failed ${systemErrorText(error)}`);
    this.r.abort();
  }

  private release(): void {
    if (this.fd === -1) return;
    close(this.fd);
    this.fd = -1;
  }
}
