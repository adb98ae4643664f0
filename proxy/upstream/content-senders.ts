/** Request content on its way to an upstream that does not fit one write: from a file, or as it comes. */
import { read } from 'node:fs';
import { ownBytes, ownMemory } from '../../http1/bytes.ts';
import type { ClientConnection } from '../../http1/client-connection.ts';
import type { ClientContent, PassSink } from '../http/body.ts';
import type { ContentFile } from '../http/body-file.ts';

/** Sends content over one connection. */
export interface ContentSender {
  /** Whether all of it was given to the connection, or sending was stopped. */
  readonly isDone: boolean;
  /** The connection is there; for what waits for it. */
  start?(): void;
  /** A write that returned false has room again. */
  drained(): void;
  /** Nothing more may be written: the connection is gone, or the response is complete. */
  stop(): void;
}

/** Who hears that content cannot be sent. */
export interface SenderUser {
  /** The client's content broke off; answer with the status. */
  contentStopped(status: number): void;
  fileFailed(error: Error): void;
  /** What a callback of the file system did threw `error`. */
  threw(error: unknown): void;
}

/** What `ownBytes` and `ownMemory` have memory for. */
const PIECE_BYTES = 64 * 1024;

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
    const size = Math.min(PIECE_BYTES, this.#length - this.#offset);
    // A chunk that was written belongs to the connection, so each has memory of its own.
    const chunk = ownMemory(size);
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

/**
 * Passes content on as it comes (`proxy_request_buffering off`). Begins when the connection is there:
 * until then another server may have it.
 */
export class StreamSender implements ContentSender, PassSink {
  readonly #connection: ClientConnection;
  readonly #user: SenderUser;
  readonly #content: ClientContent;
  isDone = false;

  constructor(connection: ClientConnection, user: SenderUser, content: ClientContent) {
    this.#connection = connection;
    this.#user = user;
    this.#content = content;
  }

  start(): void {
    if (!this.isDone) this.#content.passTo(this);
  }

  data(bytes: Uint8Array, from: number, to: number, text: string | undefined): boolean {
    if (text !== undefined) return this.#connection.write(text);
    let hasRoom = true;
    // In pieces whose memory is used again.
    for (let at = from; at < to; at += PIECE_BYTES) {
      hasRoom = this.#connection.write(ownBytes(bytes, at, Math.min(to, at + PIECE_BYTES)));
    }
    return hasRoom;
  }

  end(): void {
    this.isDone = true;
    this.#connection.end();
  }

  fail(status: number): void {
    this.isDone = true;
    this.#user.contentStopped(status);
  }

  drained(): void {
    if (!this.isDone) this.#content.resume(this);
  }

  stop(): void {
    if (this.isDone) return;
    this.isDone = true;
    this.#content.takeBack(this);
  }
}
