/** A log file: lines appended, opened anew on request. */
import { closeSync, openSync, writeSync } from 'node:fs';

/** How often a full pipe is tried again before a line is dropped: a log must not stop the service. */
const FULL_PIPE_TRIES = 50;

/** Appends whole lines to a file, or to a standard stream for `-`. */
export class LogFile {
  readonly #path: string;
  readonly #standardFd: number;
  #fd: number;

  /** `standardFd` is what `-` stands for. Throws where the file cannot be opened. */
  constructor(path: string, standardFd: number) {
    this.#path = path;
    this.#standardFd = standardFd;
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
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
        Atomics.wait(PAUSE, 0, 0, 1);
      }
    }
  }

  /** Opens the path again, where a rotation has moved the file away. */
  reopen(): void {
    const old = this.#fd;
    this.#fd = this.#open();
    if (old !== this.#standardFd) closeSync(old);
  }

  close(): void {
    if (this.#fd !== this.#standardFd) closeSync(this.#fd);
    this.#fd = this.#standardFd;
  }
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));
