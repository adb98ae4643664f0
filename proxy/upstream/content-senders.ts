/** Request content on its way to an upstream that does not fit one write: from a file, or as it comes. */
import { read } from 'node:fs';
import { ownBytes } from '../../http1/bytes.ts';
import type { ClientConnection } from '../../http1/client-connection.ts';
import type { ContentProblem, ContentSink } from '../../wire/exchange.ts';
import type { ContentFile } from '../http/body-file.ts';
import type { HttpRequest } from '../http/request.ts';

/** Sends content over one connection. */
export interface ContentSender {
  /** Whether all of it was given to the connection, or sending was stopped. */
  readonly isDone: boolean;
  /** A write that returned false has room again. */
  drained(): void;
  /** Nothing more may be written: the connection is gone, or the response is complete. */
  stop(): void;
}

/** Who hears that content cannot be sent. */
export interface SenderUser {
  contentStopped(problem: ContentProblem, received: number): void;
  fileFailed(error: Error): void;
  /** What a callback of the file system did threw `error`. */
  threw(error: unknown): void;
}

const FILE_CHUNK_BYTES = 64 * 1024;

/** Sends a temporary file, one piece after the other. */
export class FileSender implements ContentSender {
  readonly #connection: ClientConnection;
  readonly #user: SenderUser;
  readonly #file: ContentFile;
  readonly #length: number;
  #isReading = false;
  #offset = 0;
  isDone = false;

  constructor(connection: ClientConnection, user: SenderUser, file: ContentFile, length: number) {
    this.#connection = connection;
    this.#user = user;
    this.#file = file;
    file.hold();
    this.#length = length;
    this.#next();
  }

  #next(): void {
    const size = Math.min(FILE_CHUNK_BYTES, this.#length - this.#offset);
    // A chunk that was written belongs to the connection, so each has memory of its own.
    const chunk = Buffer.allocUnsafeSlow(size);
    this.#isReading = true;
    read(this.#file.fd, chunk, 0, size, this.#offset, (error, count) => {
      this.#isReading = false;
      try {
        if (this.isDone) this.#file.letGo();
        else if (error !== null) this.#fail(error);
        else if (count === 0) this.#fail(new Error('the file was cut short'));
        else this.#send(count === size ? chunk : chunk.subarray(0, count));
      } catch (thrown) {
        this.stop();
        this.#user.threw(thrown);
      }
    });
  }

  #fail(error: Error): void {
    this.stop();
    this.#user.fileFailed(error);
  }

  #send(chunk: Buffer): void {
    this.#offset += chunk.length;
    if (this.#offset === this.#length) {
      this.stop();
      this.#connection.end(chunk);
    } else if (this.#connection.write(chunk)) this.#next();
  }

  drained(): void {
    if (!this.isDone && !this.#isReading) this.#next();
  }

  stop(): void {
    if (this.isDone) return;
    this.isDone = true;
    // A read under way ends before the descriptor may be closed.
    if (!this.#isReading) this.#file.letGo();
  }
}

/** Passes content on as it comes (`proxy_request_buffering off`). It cannot be sent a second time. */
export class StreamSender implements ContentSender, ContentSink {
  readonly #connection: ClientConnection;
  readonly #user: SenderUser;
  readonly #r: HttpRequest;
  #received = 0;
  isDone = false;

  constructor(connection: ClientConnection, user: SenderUser, r: HttpRequest) {
    this.#connection = connection;
    this.#user = user;
    this.#r = r;
    r.exchange.readContent(this, r.location.core.client_max_body_size);
  }

  data(bytes: Uint8Array, from: number, to: number, text: string | undefined): void {
    if (this.isDone) return;
    this.#received += to - from;
    const hasRoom = this.#connection.write(text ?? ownBytes(bytes, from, to));
    if (!hasRoom) this.#r.exchange.pauseContent();
  }

  end(): void {
    if (this.isDone) return;
    this.isDone = true;
    this.#connection.end();
  }

  fail(problem: ContentProblem): void {
    if (this.isDone) return;
    this.isDone = true;
    this.#user.contentStopped(problem, this.#received);
  }

  drained(): void {
    if (!this.isDone) this.#r.exchange.resumeContent();
  }

  stop(): void {
    if (this.isDone) return;
    this.isDone = true;
    // What still comes is discarded by the engine's own rules once it flows.
    this.#r.exchange.resumeContent();
  }
}
