/**
 * The request as upstreams get it: its head, made once for all tries, and its content, read whole
 * before the first try or passed on as it comes. See nginx `ngx_http_proxy_handler`.
 */
import type { ClientConnection } from '../../http1/client-connection.ts';
import type { ResponseSink } from '../../http1/response-sink.ts';
import type { ClientContent, StreamUser } from '../http/body.ts';
import type { RequestContent } from '../http/body-store.ts';
import type { HttpRequest } from '../http/request.ts';
import {
  type ContentSender,
  FileSender,
  type SenderUser,
  StreamSender,
} from './content-senders.ts';
import type { PassTarget } from './pass.ts';
import type { ProxyPlan } from './plan.ts';
import { requestHead } from './request-line.ts';

/** Who waits for the request to be complete, and hears where its content stops. */
export interface OutgoingUser extends SenderUser {
  /** It can be sent now. May be called during the call that asked. */
  requestReady(): void;
  /** Its content will not come; answer with the status. */
  contentFailed(status: number): void;
}

/** See the top of the file. */
export class OutgoingRequest implements StreamUser {
  /** As it is sent; `proxy_method` may have changed it. */
  method = '';
  /** Whether the content is passed on as it comes: once begun it cannot be sent a second time. */
  isStreaming = false;
  #head = '';
  /** What is sent: a text, or what was read of the client. */
  #body: string | RequestContent | undefined = undefined;
  /** Bytes, -1 for chunks. */
  #length = 0;
  #sender: ContentSender | undefined = undefined;
  #content: ClientContent | undefined = undefined;
  readonly #r: HttpRequest;
  readonly #plan: ProxyPlan;
  readonly #target: PassTarget;
  readonly #user: OutgoingUser;

  constructor(r: HttpRequest, plan: ProxyPlan, target: PassTarget, user: OutgoingUser) {
    this.#r = r;
    this.#plan = plan;
    this.#target = target;
    this.#user = user;
  }

  /** Makes the request; `requestReady` follows. */
  prepare(): void {
    const r = this.#r;
    const { body, passesContent, services } = this.#plan;
    if (!r.exchange.hasContent && body === undefined) {
      this.#ready(r.head.contentLength);
      return;
    }
    const content = services.contentOf(r);
    this.#content = content;
    if (this.#mayStream()) content.stream(this);
    else content.readWhole(this, passesContent && body === undefined);
  }

  /** nginx: only the client's own content, and HTTP/1.0 has no chunks to send it in. */
  #mayStream(): boolean {
    const { buffersContent, body, passesContent, httpVersion } = this.#plan;
    if (buffersContent || body !== undefined || !passesContent) return false;
    return httpVersion > 10 || !this.#r.head.isChunked;
  }

  contentAtHand(): void {
    const { isChunked, contentLength } = this.#r.head;
    this.isStreaming = true;
    this.#length = isChunked ? -1 : contentLength;
    this.#ready(this.#length);
  }

  contentReady(content: RequestContent): void {
    const { body, passesContent } = this.#plan;
    if (body !== undefined) {
      const text = body.evaluate(this.#r);
      this.#body = text;
      this.#length = text.length;
      this.#ready(text.length);
    } else if (passesContent) {
      this.#body = this.#plan.ignoresClientAbort ? outliving(content) : content;
      this.#length = content.length;
      this.#ready(content.length);
    } else this.#ready(-1);
  }

  contentFailed(status: number): void {
    this.#user.contentFailed(status);
  }

  /** @param announced what Content-Length says, -1 for none */
  #ready(announced: number): void {
    const r = this.#r;
    const plan = this.#plan;
    this.method = plan.method === undefined ? r.method : plan.method.evaluate(r);
    const isChunked = this.#length < 0;
    const lines = plan.template.lines(r, isChunked ? -1 : announced, isChunked);
    this.#head = requestHead(r, plan, this.#target, this.method, lines);
    this.#user.requestReady();
  }

  /** Sends it over a connection; the response goes to `sink`. */
  send(connection: ClientConnection, sink: ResponseSink): void {
    connection.start(sink, this.method, this.#head, this.#length, this.#plan.times);
    if (this.#length === 0) return;
    const body = this.#body;
    if (this.isStreaming) {
      const sender = new StreamSender(connection, this.#user, this.#content!);
      this.#sender = sender;
      if (connection.isConnected) sender.start();
    } else if (typeof body === 'string') connection.end(body);
    else if (body?.memory !== undefined) connection.end(body.memory);
    else if (body?.file !== undefined) {
      this.#sender = new FileSender(connection, this.#user, body.file, body.length);
    }
  }

  /** The connection that it was sent over is there. */
  connected(): void {
    this.#sender?.start?.();
  }

  /** Whether content is still to be sent. */
  get isSending(): boolean {
    return this.#sender?.isDone === false;
  }

  /** The connection has room again. */
  drained(): void {
    this.#sender?.drained();
  }

  /** Nothing more is sent over this connection. */
  stop(): void {
    this.#sender?.stop();
    this.#sender = undefined;
  }

  /** The request-target as sent, for the log. */
  get sentTarget(): string {
    return this.#head.slice(this.method.length + 1, this.#head.indexOf(' HTTP/'));
  }
}

/**
 * Content that may still be on its way when its request is over: memory is lent to a request and is
 * somebody else's afterwards, so it is copied. A file is held by whoever reads it.
 */
function outliving(content: RequestContent): RequestContent {
  const { length, memory, file } = content;
  return { length, memory: memory === undefined ? undefined : Buffer.from(memory), file };
}
