/** A temporary file for request content (`client_body_temp_path`), written one chunk after the other. */
import { close, mkdir, open, unlink, write } from 'node:fs';
import { nameBytes, systemFailure, toNodeString } from '../config/paths.ts';

/** Who gives the chunks. */
export interface FileUser {
  /** Everything given was written. */
  stored(): void;
  storeFailed(message: string): void;
  /** One of the above, or the file itself, threw `error`. */
  threw(error: unknown): void;
}

/** As much as a read brings, at most. */
const SMALLEST_MEMORY_BYTES = 128 * 1024;

/** Tries to find a name that is not taken. */
const MOST_NAMES = 100;

let serial = (Date.now() % 1_000_000) * 1000;

export class ContentFile {
  path = '';
  fd = -1;
  readonly #folder: string;
  readonly #keeps: boolean;
  readonly #user: FileUser;
  readonly #queue: Buffer[] = [];
  #spare: Buffer | undefined = undefined;
  #offset = 0;
  #isBusy = false;
  #isDiscarded = false;
  #readers = 0;

  /** @param keeps whether the file stays after the request (`client_body_in_file_only on`) */
  constructor(folder: string, keeps: boolean, user: FileUser) {
    this.#folder = folder.endsWith('/') ? folder : `${folder}/`;
    this.#keeps = keeps;
    this.#user = user;
    this.#isBusy = true;
    this.#open(MOST_NAMES, false);
  }

  /** Whether everything given was written. */
  get isIdle(): boolean {
    return !this.#isBusy;
  }

  /** Takes a copy of borrowed bytes; `stored` follows. */
  write(bytes: Uint8Array, from: number, to: number): void {
    const length = to - from;
    let memory = this.#spare;
    this.#spare = undefined;
    if (memory === undefined || memory.length < length) {
      memory = Buffer.allocUnsafeSlow(Math.max(length, SMALLEST_MEMORY_BYTES));
    }
    memory.set(bytes.subarray(from, to));
    this.#queue.push(memory.subarray(0, length));
    if (!this.#isBusy) this.#next();
  }

  /** Closes and removes the file, as soon as it is neither written nor read any more. */
  discard(): void {
    if (this.#isDiscarded) return;
    this.#isDiscarded = true;
    if (!this.#isBusy) this.#remove();
  }

  /** Somebody reads: the descriptor stays open until `letGo`. */
  hold(): void {
    this.#readers++;
  }

  letGo(): void {
    this.#readers--;
    if (this.#isDiscarded && !this.#isBusy) this.#remove();
  }

  #open(namesLeft: number, isFolderMade: boolean): void {
    serial++;
    this.path = `${this.#folder}${String(serial).padStart(10, '0')}`;
    open(nameBytes(this.path), 'wx+', 0o600, (error, fd) => {
      this.#guard(() => {
        if (error === null) {
          this.fd = fd;
          this.#next();
        } else if (error.code === 'EEXIST' && namesLeft > 0) {
          this.#open(namesLeft - 1, isFolderMade);
        } else if (error.code === 'ENOENT' && !isFolderMade) {
          this.#makeFolder(namesLeft);
        } else {
          this.#fail('open', error);
        }
      });
    });
  }

  #makeFolder(namesLeft: number): void {
    const folder = toNodeString(this.#folder);
    mkdir(folder, { recursive: true, mode: 0o700 }, () => {
      this.#guard(() => this.#open(namesLeft, true));
    });
  }

  /** A callback of the file system has no caller that could tell the request. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#isBusy = false;
      this.#user.threw(error);
    }
  }

  #next(): void {
    if (this.#isDiscarded) {
      this.#isBusy = false;
      this.#remove();
      return;
    }
    const chunk = this.#queue.shift();
    this.#isBusy = chunk !== undefined;
    if (chunk === undefined) this.#user.stored();
    else this.#writeRest(chunk, 0);
  }

  #writeRest(chunk: Buffer, from: number): void {
    write(this.fd, chunk, from, chunk.length - from, this.#offset, (error, written) => {
      this.#guard(() => {
        if (error !== null) {
          this.#fail('pwrite', error);
          return;
        }
        this.#offset += written;
        if (from + written < chunk.length) this.#writeRest(chunk, from + written);
        else {
          // The next chunk comes once this one is stored, so one piece of memory serves them all.
          this.#spare = Buffer.from(chunk.buffer);
          this.#next();
        }
      });
    });
  }

  #fail(call: string, error: Error): void {
    this.#isBusy = false;
    this.#user.storeFailed(systemFailure(call, this.path, error));
    this.discard();
  }

  #remove(): void {
    if (this.fd === -1 || this.#readers > 0) return;
    // Nobody could act on these errors: the content is not wanted any more.
    close(this.fd, () => {});
    this.fd = -1;
    if (!this.#keeps) unlink(nameBytes(this.path), () => {});
  }
}
