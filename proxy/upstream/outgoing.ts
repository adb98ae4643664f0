/**
 * The request as upstreams get it: its head, made once for all tries, and its content, read whole
 * before the first try or passed on as it comes. See nginx `ngx_http_proxy_handler`.
 */
import type { ClientConnection } from '../../http1/client-connection.ts';
import type { ResponseSink } from '../../http1/response-sink.ts';
import type { ContentUser, RequestContent } from '../http/body.ts';
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
export class OutgoingRequest implements ContentUser {
  /** As it is sent; `proxy_method` may have changed it. */
  method = '';
  /** Whether the content is passed on as it comes: it cannot be sent a second time. */
  isStreaming = false;
  #head = '';
  /** What is sent: a text, or what was read of the client. */
  #body: string | RequestContent | undefined = undefined;
  /** Bytes, -1 for chunks. */
  #length = 0;
  #sender: ContentSender | undefined = undefined;
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

  /**
   * Makes the request; `requestReady` follows.
   *
   * @param isContentGone whether an earlier exchange of this request passed the content on as it came
   */
  prepare(isContentGone: boolean): void {
    const r = this.#r;
    const plan = this.#plan;
    if (!r.exchange.hasContent && plan.body === undefined) this.#ready(r.head.contentLength);
    else if (isContentGone) this.#ready(-1);
    else if (this.#mayStream()) {
      this.isStreaming = true;
      this.#length = r.head.isChunked ? -1 : r.head.contentLength;
      this.#ready(this.#length);
    } else plan.services.readContent(r, this);
  }

  /** nginx: only the client's own content, and HTTP/1.0 has no chunks to send it in. */
  #mayStream(): boolean {
    const { buffersContent, body, passesContent, httpVersion } = this.#plan;
    if (buffersContent || body !== undefined || !passesContent) return false;
    return httpVersion > 10 || !this.#r.head.isChunked;
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
    if (this.isStreaming) this.#sender = new StreamSender(connection, this.#user, this.#r);
    else if (typeof body === 'string') connection.end(body);
    else if (body?.memory !== undefined) connection.end(body.memory);
    else if (body?.file !== undefined) {
      this.#sender = new FileSender(connection, this.#user, body.file, body.length);
    }
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
