/**
 * The Request an application receives. It holds the received head and makes what is asked for:
 * Node's own Request costs more than the rest of a small request together, so it is built only for
 * what needs it (`clone`, `new Request(request)`, `fetch(request)`).
 */
import type { Exchange } from '../../../wire/exchange.ts';
import type { Gateway } from '../../gateway.ts';
import { contentStream, gatherContent } from './content.ts';
import { requestHeaders } from './headers.ts';

const NativeRequest = globalThis.Request;
const NativeResponse = globalThis.Response;
const decoder = new TextDecoder();

type Content = Uint8Array<ArrayBuffer>;

const NOTHING: Content = new Uint8Array(0);

class AppRequest {
  readonly #exchange: Exchange;
  readonly #fields: readonly string[];
  readonly #gateway: Gateway;
  readonly method: string;
  readonly url: string;
  #headers: Headers | undefined = undefined;
  #controller: AbortController | undefined = undefined;
  #abortReason: unknown = undefined;
  #stream: ReadableStream<Uint8Array> | undefined = undefined;
  #native: Request | undefined = undefined;
  #isUsed = false;
  /** Set when the exchange is over: its content can no longer be read. */
  #isOver = false;

  constructor(exchange: Exchange, url: string, gateway: Gateway) {
    this.#exchange = exchange;
    this.#gateway = gateway;
    this.#fields = exchange.head.fields;
    this.method = exchange.head.method;
    this.url = url;
  }

  static is(value: unknown): value is AppRequest {
    return typeof value === 'object' && value !== null && #exchange in value;
  }

  /** The exchange is over. `reason` is given where the client left early. */
  static close(request: AppRequest, reason: unknown): void {
    request.#isOver = true;
    if (reason === undefined) return;
    request.#abortReason = reason;
    request.#controller?.abort(reason);
  }

  /** Node's own Request with the same head, content and signal. */
  static native(request: AppRequest): Request {
    if (request.#native !== undefined) return request.#native;
    const body = request.#isUsed ? null : request.body;
    const init = { method: request.method, headers: request.headers, signal: request.signal, body };
    request.#native = new NativeRequest(request.url, { ...init, duplex: 'half' });
    return request.#native;
  }

  get headers(): Headers {
    this.#headers ??= requestHeaders(this.#fields);
    return this.#headers;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  get body(): ReadableStream<Uint8Array> | null {
    if (this.#native !== undefined) return this.#native.body;
    if (!this.#exchange.hasContent) return null;
    this.#stream ??= this.#isUsed || this.#isOver ? endedStream() : contentStream(this.#exchange);
    return this.#stream;
  }

  get bodyUsed(): boolean {
    return this.#native?.bodyUsed || this.#isUsed;
  }

  /** The content whole; at most once. */
  #read(): Promise<Content> {
    if (this.#isUsed || this.#native?.bodyUsed) return unusable();
    if (this.#native !== undefined) return this.#readNative(this.#native);
    if (!this.#exchange.hasContent) return Promise.resolve(NOTHING);
    if (this.#isOver) return Promise.reject(new TypeError('the request is over'));
    if (this.#stream !== undefined) return this.#readNative(AppRequest.native(this));
    this.#isUsed = true;
    return gatherContent(this.#exchange);
  }

  async #readNative(request: Request): Promise<Content> {
    return new Uint8Array(await request.arrayBuffer());
  }

  text(): Promise<string> {
    return this.#read().then(decode);
  }

  json(): Promise<unknown> {
    return this.#read().then(parse);
  }

  bytes(): Promise<Content> {
    return this.#read();
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#read().then((bytes) => bytes.buffer);
  }

  blob(): Promise<Blob> {
    return this.#read().then((bytes) => new Blob([bytes], { type: this.#contentType() }));
  }

  formData(): Promise<FormData> {
    const headers = { 'content-type': this.#contentType() };
    return this.#read().then((bytes) => new NativeResponse(bytes, { headers }).formData());
  }

  #contentType(): string {
    return this.headers.get('content-type') ?? '';
  }

  clone(): Request {
    if (this.bodyUsed) throw new TypeError('Response.clone: Body has already been consumed.');
    return AppRequest.native(this).clone();
  }

  // What a server's Request has beside the standard: srvx set the example, h3 asks for it.

  /** The client's address, as the gateway tells it. */
  get ip(): string | undefined {
    return this.#gateway.clientAddress || undefined;
  }

  waitUntil(work: Promise<unknown>): void {
    this.#gateway.waitUntil(work);
  }

  // What only a browser's Request tells; the values a server's has in Node.
  get cache(): string {
    return 'default';
  }
  get credentials(): string {
    return 'same-origin';
  }
  get destination(): string {
    return '';
  }
  get duplex(): string {
    return 'half';
  }
  get integrity(): string {
    return '';
  }
  get isHistoryNavigation(): boolean {
    return false;
  }
  get isReloadNavigation(): boolean {
    return false;
  }
  get keepalive(): boolean {
    return false;
  }
  get mode(): string {
    return 'cors';
  }
  get redirect(): string {
    return 'follow';
  }
  get referrer(): string {
    return 'about:client';
  }
  get referrerPolicy(): string {
    return '';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): unknown {
    return { method: this.method, url: this.url, headers: this.headers, bodyUsed: this.bodyUsed };
  }
}

// `instanceof Request` holds, and `constructor` and the tag are Request's own.
Reflect.deleteProperty(AppRequest.prototype, 'constructor');
Object.setPrototypeOf(AppRequest.prototype, NativeRequest.prototype);

function decode(content: Content): string {
  return decoder.decode(content);
}

function parse(content: Content): unknown {
  return JSON.parse(decoder.decode(content));
}

function unusable(): Promise<never> {
  return Promise.reject(new TypeError('Body is unusable: Body has already been read'));
}

function endedStream(): ReadableStream<Uint8Array> {
  return new ReadableStream({ type: 'bytes', start: (controller) => controller.close() });
}

/** Makes the Request of an exchange; `url` is absolute and normal. */
export function appRequest(exchange: Exchange, url: string, gateway: Gateway): Request {
  // AppRequest has every member of Request and its prototype; the compiler cannot see the latter.
  return new AppRequest(exchange, url, gateway) as unknown as Request;
}

/** Tells the Request that its exchange is over; with a reason, its signal aborts. */
export function closeRequest(request: Request, reason: unknown): void {
  if (AppRequest.is(request)) AppRequest.close(request, reason);
}

/** Node's own Request for one of ours; anything else as it is. */
export function toNativeRequest<T>(input: T, hasBodyOfItsOwn: boolean): T | Request {
  if (!AppRequest.is(input)) return input;
  if ((input as AppRequest).bodyUsed && !hasBodyOfItsOwn) {
    throw new TypeError(
      'Cannot construct a Request with a Request object that has already been used.',
    );
  }
  return AppRequest.native(input);
}
