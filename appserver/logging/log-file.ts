/** A log file: lines appended, opened anew on request. */
import { closeSync, openSync, writeSync } from 'node:fs';

/** A log that cannot be written is told of once in this while, as in nginx. */
const REPORT_EVERY_MS = 60_000;

/** How often a full pipe is tried again before a line is dropped: a log must not stop the service. */
const FULL_PIPE_TRIES = 50;

/** Appends whole lines to a file, or to a standard stream for `-`. */
export class LogFile {
  readonly #path: string;
  readonly #standardFd: number;
  #fd: number;
  readonly #failed: (message: string) => void;
  #reportedAt = Number.NEGATIVE_INFINITY;

  /**
   * `standardFd` is what `-` stands for; `failed` hears, once a minute, that lines are lost. Throws
   * where the file cannot be opened.
   */
  constructor(path: string, standardFd: number, failed: (message: string) => void) {
    this.#path = path;
    this.#standardFd = standardFd;
    this.#failed = failed;
    this.#fd = this.#open();
  }

  #open(): number {
    return this.#path === '-' ? this.#standardFd : openSync(this.#path, 'a', 0o666);
  }

  /** Writes text that ends in a newline. */
  write(text: string): void {
    let bytes = Buffer.from(text);
    for (let tries = 0; tries < FULL_PIPE_TRIES; tries += 1) {
      try {
        bytes = bytes.subarray(writeSync(this.#fd, bytes));
        if (bytes.length === 0) return;
      } catch (error) {
        // A full disk or a closed pipe loses the line; only a full pipe is worth another try.
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') {
          this.#report(error as Error);
          return;
        }
        Atomics.wait(PAUSE, 0, 0, 1);
      }
    }
    this.#report(new Error('its reader is too slow'));
  }

  #report({ message }: Error): void {
    const now = performance.now();
    if (now - this.#reportedAt < REPORT_EVERY_MS) return;
    this.#reportedAt = now;
    const name = this.#path === '-' ? STANDARD_NAMES[this.#standardFd] : `"${this.#path}"`;
    this.#failed(`Lines are lost: writing to ${name} failed: ${message}`);
  }

  /** Opens the path again, where a rotation has moved the file away; keeps the old where it cannot. */
  reopen(): void {
    const old = this.#fd;
    try {
      this.#fd = this.#open();
    } catch (error) {
      this.#failed(`Reopening "${this.#path}" failed: ${(error as Error).message}`);
      return;
    }
    if (old !== this.#standardFd) closeSync(old);
  }

  close(): void {
    if (this.#fd !== this.#standardFd) closeSync(this.#fd);
    this.#fd = this.#standardFd;
  }
}

const STANDARD_NAMES: Readonly<Record<number, string>> = {
  1: 'standard output',
  2: 'standard error',
};
const PAUSE = new Int32Array(new SharedArrayBuffer(4));
