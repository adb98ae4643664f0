/**
 * Request content read whole before a step goes on: in memory up to `client_body_buffer_size`, in a
 * temporary file beyond it. See nginx `ngx_http_read_client_request_body`.
 */
import type { ContentProblem, ContentSink, ExchangeOwner } from '../../wire/exchange.ts';
import { CRIT, ERROR, INFO, NOTICE, WARN } from '../log/error-log.ts';
import { ContentFile } from './body-file.ts';
import { borrowMemory } from './body-memory.ts';
import type { HttpRequest } from './request.ts';

/** Who waits for the content. Either may be called during the call that asked. */
export interface ContentUser {
  contentReady(content: RequestContent): void;
  /** The content will not come; answer with the status. */
  contentFailed(status: number): void;
}

/**
 * Content that was read whole: in `memory`, or in `file`, which is open until the request is over
 * and nobody holds it. It may be sent more than once.
 */
export class RequestContent {
  readonly length: number;
  readonly memory: Buffer | undefined;
  readonly file: ContentFile | undefined;

  constructor(length: number, memory: Buffer | undefined, file: ContentFile | undefined) {
    this.length = length;
    this.memory = memory;
    this.file = file;
  }
}

const NO_CONTENT = new RequestContent(0, undefined, undefined);

/** What was read, for a request that an internal redirect brings to another reader. */
const known = new WeakMap<HttpRequest, RequestContent>();

/**
 * Reads the whole content of a request. The answer for content that is too large, late or broken is
 * given to `user` as a status; when the client is gone nothing may follow.
 */
export function readRequestContent(r: HttpRequest, user: ContentUser): void {
  if (!r.exchange.hasContent) {
    user.contentReady(NO_CONTENT);
    return;
  }
  const before = r.content === undefined && r.contentFile === undefined ? undefined : known.get(r);
  if (before !== undefined) {
    user.contentReady(before);
    return;
  }
  const reader = new ContentReader(r, user);
  r.exchange.readContent(reader, r.location.core.client_max_body_size);
}

class ContentReader implements ContentSink {
  readonly #r: HttpRequest;
  readonly #user: ContentUser;
  readonly #memoryLimit: number;
  #memory: Buffer | undefined = undefined;
  #file: ContentFile | undefined = undefined;
  #length = 0;
  #isEnded = false;
  #isOver = false;

  constructor(r: HttpRequest, user: ContentUser) {
    this.#r = r;
    this.#user = user;
    const { client_body_buffer_size: size, client_body_in_file_only: fileOnly } = r.location.core;
    this.#memoryLimit = fileOnly === 'off' ? size : 0;
  }

  data(bytes: Uint8Array, from: number, to: number): void {
    if (this.#isOver) return;
    const total = this.#length + to - from;
    if (this.#file === undefined && total <= this.#memoryLimit) {
      const memory = this.#roomFor(total);
      memory.set(bytes.subarray(from, to), this.#length);
    } else {
      this.#store(Buffer.from(bytes.subarray(from, to)));
    }
    this.#length = total;
  }

  /** Memory for `total` bytes: all that is announced at once, else as it comes. */
  #roomFor(total: number): Buffer {
    const memory = this.#memory;
    if (memory !== undefined && memory.length >= total) return memory;
    const announced = this.#r.head.contentLength;
    const size = announced >= total && announced <= this.#memoryLimit ? announced : total * 2;
    const larger = borrowMemory(this.#r, Math.min(size, this.#memoryLimit));
    if (memory !== undefined) larger.set(memory.subarray(0, this.#length));
    this.#memory = larger;
    return larger;
  }

  #store(chunk: Buffer): void {
    let file = this.#file;
    if (file === undefined) {
      const { core } = this.#r.location;
      const keeps = core.client_body_in_file_only === 'on';
      file = new ContentFile(core.client_body_temp_path, keeps, this);
      this.#file = file;
      const level = core.client_body_in_file_only === 'off' ? WARN : NOTICE;
      this.#r.log(level, `a client request body is buffered to a temporary file ${file.path}`);
      if (this.#length > 0) file.write(Buffer.from(this.#memory!.subarray(0, this.#length)));
      this.#memory = undefined;
    }
    this.#r.exchange.pauseContent();
    file.write(chunk);
  }

  /** All that was given to the file is in it. */
  stored(): void {
    if (this.#isOver) return;
    if (this.#isEnded) this.#finish();
    else this.#r.exchange.resumeContent();
  }

  storeFailed(message: string): void {
    if (this.#isOver) return;
    this.#r.log(CRIT, message);
    this.#fail(500);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isEnded = true;
    if (this.#file === undefined || this.#file.isIdle) this.#finish();
  }

  #finish(): void {
    const r = this.#r;
    this.#isOver = true;
    const file = this.#file;
    r.contentFile = file?.path;
    r.content = file === undefined ? this.#memory?.subarray(0, this.#length) : undefined;
    const content = new RequestContent(this.#length, r.content, file);
    if (r.isDone) {
      file?.discard();
      return;
    }
    if (file !== undefined) r.exchange.owner = new FileOwner(r, file);
    known.set(r, content);
    this.#user.contentReady(content);
  }

  fail(problem: ContentProblem): void {
    if (this.#isOver) return;
    this.#fail(failureStatus(this.#r, problem, this.#length));
  }

  threw(error: unknown): void {
    this.#isOver = true;
    this.#file?.discard();
    this.#r.threw(error);
  }

  #fail(status: number): void {
    this.#isOver = true;
    this.#file?.discard();
    if (!this.#r.isDone) this.#user.contentFailed(status);
  }
}

/** Stands between the engine and a request whose content is in a file, which goes with the request. */
class FileOwner implements ExchangeOwner {
  readonly #r: HttpRequest;
  readonly #file: ContentFile;

  constructor(r: HttpRequest, file: ContentFile) {
    this.#r = r;
    this.#file = file;
  }

  drained(): void {
    this.#r.drained();
  }

  finished(): void {
    this.#r.finished();
    this.#file.discard();
  }

  aborted(problem: 'closed' | 'timeout'): void {
    this.#r.aborted(problem);
    this.#file.discard();
  }

  threw(error: unknown): void {
    this.#r.threw(error);
  }
}

/** The answer to content that stopped, with nginx's words in the log. */
export function failureStatus(r: HttpRequest, problem: ContentProblem, received: number): number {
  switch (problem) {
    case 'too-large':
      r.log(ERROR, `client intended to send too large chunked body: ${received} bytes`);
      r.exchange.keepAlive = false;
      return 413;
    case 'malformed':
      r.log(INFO, 'client sent invalid chunked body');
      return 400;
    case 'timeout':
      r.log(INFO, 'client timed out (110: Connection timed out)');
      return 408;
    case 'closed':
      r.log(INFO, 'client prematurely closed connection');
      return 499;
  }
}
