/**
 * Where request content is kept: in memory up to `client_body_buffer_size`, in a temporary file
 * beyond it. See nginx `ngx_http_request_body_save_filter`.
 */
import { CRIT, NOTICE, WARN } from '../log/error-log.ts';
import { ContentFile, type FileUser } from './body-file.ts';
import { borrowMemory } from './body-memory.ts';
import type { HttpRequest } from './request.ts';

/**
 * Content that was read whole: in `memory`, or in `file`, which is open until the request is over
 * and nobody holds it. It may be sent more than once.
 */
export interface RequestContent {
  readonly length: number;
  readonly memory: Buffer | undefined;
  readonly file: ContentFile | undefined;
}

export const NO_CONTENT: RequestContent = { length: 0, memory: undefined, file: undefined };

/** Who gives the content. */
export interface StoreUser {
  /** What was given is kept; more may come. Called only after `add` answered false. */
  stored(): void;
  storeFailed(): void;
  /** One of the above, or the file itself, threw `error`. */
  threw(error: unknown): void;
}

/** Keeps content as it comes. */
export class ContentStore implements FileUser {
  /** Bytes kept. */
  length = 0;
  file: ContentFile | undefined = undefined;
  readonly #r: HttpRequest;
  readonly #user: StoreUser;
  readonly #memoryLimit: number;
  #memory: Buffer | undefined = undefined;

  constructor(r: HttpRequest, user: StoreUser) {
    this.#r = r;
    this.#user = user;
    this.#memoryLimit = memoryLimitOf(r);
  }

  /** Whether it fits the memory that is meant for it. */
  get fitsMemory(): boolean {
    return this.length <= this.#memoryLimit;
  }

  /** Whether nothing is on its way to the file. */
  get isSettled(): boolean {
    return this.file === undefined || this.file.isIdle;
  }

  /** What is kept in memory. */
  get memory(): Buffer | undefined {
    return this.file === undefined ? this.#memory?.subarray(0, this.length) : undefined;
  }

  /** Takes a copy of borrowed bytes. False asks to wait for `stored` before more is given. */
  add(bytes: Uint8Array, from: number, to: number): boolean {
    const total = this.length + to - from;
    const isInMemory = this.file === undefined && total <= this.#memoryLimit;
    if (isInMemory) this.addToMemory(bytes, from, to);
    else this.#addToFile(bytes, from, to);
    this.length = total;
    return isInMemory;
  }

  /** As `add`, whatever the limit: for what came along with the request head. */
  addToMemory(bytes: Uint8Array, from: number, to: number): void {
    const total = this.length + to - from;
    this.#roomFor(total).set(bytes.subarray(from, to), this.length);
    this.length = total;
  }

  /** Memory for `total` bytes: all that is announced at once, else as it comes. */
  #roomFor(total: number): Buffer {
    const memory = this.#memory;
    if (memory !== undefined && memory.length >= total) return memory;
    const announced = this.#r.head.contentLength;
    const size = announced >= total && announced <= this.#memoryLimit ? announced : total * 2;
    const larger = borrowMemory(this.#r, Math.max(total, Math.min(size, this.#memoryLimit)));
    if (memory !== undefined) larger.set(memory.subarray(0, this.length));
    this.#memory = larger;
    return larger;
  }

  #addToFile(bytes: Uint8Array, from: number, to: number): void {
    let { file } = this;
    if (file === undefined) {
      const { core } = this.#r.location;
      const inFileOnly = core.client_body_in_file_only;
      file = new ContentFile(core.client_body_temp_path, inFileOnly === 'on', this);
      this.file = file;
      const level = inFileOnly === 'off' ? WARN : NOTICE;
      this.#r.log(level, `a client request body is buffered to a temporary file ${file.path}`);
      if (this.length > 0) file.write(this.#memory!, 0, this.length);
      this.#memory = undefined;
    }
    file.write(bytes, from, to);
  }

  stored(): void {
    this.#user.stored();
  }

  storeFailed(message: string): void {
    this.#r.log(CRIT, message);
    this.#user.storeFailed();
  }

  threw(error: unknown): void {
    this.#user.threw(error);
  }

  /** All of it, once it is settled. */
  whole(): RequestContent {
    return { length: this.length, memory: this.memory, file: this.file };
  }

  /** Lets go of what is kept; the file goes once nobody reads it. */
  discard(): void {
    this.#memory = undefined;
    this.file?.discard();
  }
}

/** nginx `ngx_http_read_client_request_body` takes a quarter more where the length is known. */
function memoryLimitOf(r: HttpRequest): number {
  const { client_body_buffer_size: size, client_body_in_file_only: inFileOnly } = r.location.core;
  if (inFileOnly !== 'off') return 0;
  return r.head.isChunked ? size : size + (size >> 2);
}
