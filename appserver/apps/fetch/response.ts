/**
 * The Response that replaces the global one while an application runs. Node's own costs some 20
 * microseconds, most of it for a stream that nobody reads; this one keeps a simple body as it is and
 * builds Node's own only for what needs it. Anything unusual (a Blob, FormData, a subclass, a value
 * that must be refused) goes to Node's own from the start, so its rules and errors are Node's.
 */
import { Readable } from 'node:stream';

const NativeResponse = globalThis.Response;
const NativeHeaders = globalThis.Headers;

type SimpleBody = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;
type ResponseBody = ConstructorParameters<typeof NativeResponse>[0];

const TEXT = 'text/plain;charset=UTF-8';
const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded;charset=UTF-8';
const NULL_BODY_STATUS: ReadonlySet<number> = new Set([204, 205, 304]);
const TOKEN = /^[!#$%&'*+\-.^_`|~\w]+$/;
/** What Node's own Headers would trim or refuse. */
const UNUSUAL_VALUE = /[^\t\x20-\x7e\x80-\xff]|^[\t ]|[\t ]$/;

/** Lower-case spellings of field names seen; `undefined` is not in it: such names are not valid. */
const NAMES_LIMIT = 512;
const names = new Map<string, string>();

function lowerName(name: string): string | undefined {
  const known = names.get(name);
  if (known !== undefined) return known;
  if (!TOKEN.test(name)) return undefined;
  if (names.size >= NAMES_LIMIT) names.clear();
  const lower = name.toLowerCase();
  names.set(name, lower);
  return lower;
}

/**
 * Reads the `headers` of an init into a flat list of lower-case names and values; `undefined` where
 * Node's own has to read it.
 */
function readHeaders(headers: unknown): string[] | undefined {
  const fields: string[] = [];
  if (headers === undefined) return fields;
  if (headers instanceof NativeHeaders) {
    for (const [name, value] of headers) fields.push(name, value);
    return fields;
  }
  if (headers === null || typeof headers !== 'object' || Symbol.iterator in headers)
    return undefined;
  const record = headers as Readonly<Record<string, unknown>>;
  let isLower = true;
  for (const name of Object.keys(record)) {
    const value = record[name];
    const lower = lowerName(name);
    if (lower === undefined || typeof value !== 'string' || UNUSUAL_VALUE.test(value)) {
      return undefined;
    }
    if (lower !== name) isLower = false;
    fields.push(lower, value);
  }
  return isLower || !hasRepeatedName(fields) ? fields : undefined;
}

function hasRepeatedName(fields: readonly string[]): boolean {
  for (let i = 2; i < fields.length; i += 2) {
    for (let j = 0; j < i; j += 2) if (fields[i] === fields[j]) return true;
  }
  return false;
}

function hasName(fields: readonly string[], lower: string): boolean {
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === lower) return true;
  return false;
}

/** A body this file can hold, with bytes copied as the standard asks; `undefined` for any other. */
function readBody(body: unknown): SimpleBody | undefined {
  if (typeof body === 'string') return body;
  if (body === undefined || body === null) return null;
  if (body instanceof Uint8Array || body instanceof ArrayBuffer) return new Uint8Array(body);
  if (body instanceof ReadableStream) {
    return isTouched(body) ? undefined : (sources.get(body) ?? body);
  }
  return readUnusualBody(body);
}

/** Text in other clothes (Hono's `html` makes a String object), and other views of bytes. */
function readUnusualBody(body: unknown): SimpleBody | undefined {
  switch (typeof body) {
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(body);
    case 'object':
      if (body instanceof URLSearchParams || body instanceof String) return String(body);
      if (!ArrayBuffer.isView(body) || !(body.buffer instanceof ArrayBuffer)) return undefined;
      return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice();
    default:
      return undefined;
  }
}

/**
 * What a stream that stands for a simple body would give: middleware that wraps a response once more,
 * `new Response(response.body, response)`, costs no stream then.
 */
const sources = new WeakMap<ReadableStream, string | Uint8Array<ArrayBuffer>>();

/** Whether somebody reads the stream, or has begun to. */
function isTouched(stream: ReadableStream): boolean {
  // The types of Node name its own streams only; its documentation names both kinds.
  return stream.locked || Readable.isDisturbed(stream as never);
}

class LightResponse {
  readonly #body: SimpleBody;
  readonly #status: number;
  readonly #statusText: string;
  #fields: readonly string[];
  #headers: Headers | undefined = undefined;
  #native: Response | undefined = undefined;

  constructor(body: SimpleBody, status: number, statusText: string, fields: readonly string[]) {
    this.#body = body;
    this.#status = status;
    this.#statusText = statusText;
    this.#fields = fields;
  }

  static is(value: unknown): value is LightResponse {
    return typeof value === 'object' && value !== null && #body in value;
  }

  /** The body where nobody has touched it; `undefined` where Node's own holds it. */
  static bodyOf(response: LightResponse): SimpleBody | undefined {
    const native = response.#native;
    if (native === undefined) return response.#body;
    const isWhole = native.body !== null && !isTouched(native.body);
    return isWhole && !(response.#body instanceof ReadableStream) ? response.#body : undefined;
  }

  /** The fields as a flat list; from the Headers object where the application has asked for it. */
  static fieldsOf(response: LightResponse): readonly string[] {
    return response.#headers === undefined ? response.#fields : flatten(response.#headers);
  }

  get #real(): Response {
    if (this.#native === undefined) {
      const init = { status: this.#status, statusText: this.#statusText, headers: this.headers };
      this.#native = new NativeResponse(this.#body, init);
    }
    return this.#native;
  }

  get headers(): Headers {
    if (this.#headers === undefined) {
      this.#headers = new NativeHeaders();
      for (let i = 0; i < this.#fields.length; i += 2) {
        this.#headers.append(this.#fields[i]!, this.#fields[i + 1]!);
      }
      this.#fields = [];
    }
    return this.#headers;
  }

  get status(): number {
    return this.#status;
  }
  get statusText(): string {
    return this.#statusText;
  }
  get ok(): boolean {
    return this.#status >= 200 && this.#status <= 299;
  }
  get redirected(): boolean {
    return false;
  }
  get type(): string {
    return 'default';
  }
  get url(): string {
    return '';
  }
  get body(): ReadableStream | null {
    if (this.#body === null) return null;
    const stream = this.#real.body;
    const isSource = typeof this.#body === 'string' || this.#body instanceof Uint8Array;
    if (stream !== null && isSource) sources.set(stream, this.#body);
    return stream;
  }
  get bodyUsed(): boolean {
    return this.#native?.bodyUsed ?? false;
  }

  text(): Promise<string> {
    return this.#real.text();
  }
  json(): Promise<unknown> {
    return this.#real.json();
  }
  bytes(): Promise<Uint8Array> {
    return this.#real.bytes();
  }
  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#real.arrayBuffer();
  }
  blob(): Promise<Blob> {
    return this.#real.blob();
  }
  formData(): Promise<FormData> {
    return this.#real.formData();
  }

  clone(): unknown {
    const fields = LightResponse.fieldsOf(this);
    if (this.#native === undefined && !(this.#body instanceof ReadableStream)) {
      return new LightResponse(this.#body, this.#status, this.#statusText, fields);
    }
    // Node's own holds the header it was built with; the application may have changed ours since.
    const copy = this.#real.clone();
    for (const name of [...copy.headers.keys()]) copy.headers.delete(name);
    for (let i = 0; i < fields.length; i += 2) copy.headers.append(fields[i]!, fields[i + 1]!);
    return copy;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): Response {
    return this.#real;
  }
}

Reflect.deleteProperty(LightResponse.prototype, 'constructor');
Object.setPrototypeOf(LightResponse.prototype, NativeResponse.prototype);

/** The names and values of a Headers object as a flat list; each Set-Cookie stands for itself. */
export function flatten(headers: Headers): string[] {
  const fields: string[] = [];
  for (const [name, value] of headers) fields.push(name, value);
  return fields;
}

/** A light response, or `undefined` where Node's own is to be made. */
function lightResponse(
  body: unknown,
  init: unknown,
  defaultType: string,
): LightResponse | undefined {
  let status = 200;
  let statusText = '';
  let headers: unknown;
  if (init !== undefined && init !== null) {
    if (typeof init !== 'object') return undefined;
    const given = init as ResponseInit;
    if (given.status !== undefined) status = given.status;
    if (given.statusText !== undefined) statusText = given.statusText;
    headers = given.headers;
    const isUsual = Number.isInteger(status) && status >= 200 && status <= 599;
    if (!isUsual || typeof statusText !== 'string' || UNUSUAL_VALUE.test(statusText)) {
      return undefined;
    }
  }
  const simple = readBody(body);
  if (simple === undefined || (simple !== null && NULL_BODY_STATUS.has(status))) return undefined;
  const fields = readHeaders(headers);
  if (fields === undefined) return undefined;
  if (typeof simple === 'string' && !hasName(fields, 'content-type')) {
    fields.push('content-type', body instanceof URLSearchParams ? FORM_TYPE : defaultType);
  }
  return new LightResponse(simple, status, statusText, fields);
}

/** The constructor that stands in for the global Response. */
function AppResponse(this: unknown, body?: ResponseBody, init?: ResponseInit): unknown {
  if (new.target === undefined) {
    throw new TypeError("Class constructor Response cannot be invoked without 'new'");
  }
  if (new.target === AppResponse) {
    const light = lightResponse(body, init, TEXT);
    if (light !== undefined) return light;
  }
  const target = new.target === AppResponse ? NativeResponse : new.target;
  const response: object = Reflect.construct(NativeResponse, [body, init], target);
  if (body instanceof Blob) blobSizes.set(response, body.size);
  return response;
}

/** Content that is read as a stream, of a length that is known all the same. */
const blobSizes = new WeakMap<object, number>();

/** Bytes of a body that is a stream; `undefined` where nobody knows. */
export function streamLengthOf(response: Response): number | undefined {
  return blobSizes.get(response);
}

function json(data: unknown, init?: ResponseInit): unknown {
  const text = JSON.stringify(data);
  const light = typeof text === 'string' ? lightResponse(text, init, JSON_TYPE) : undefined;
  return light ?? NativeResponse.json(data, init);
}

function redirect(...args: Parameters<typeof NativeResponse.redirect>): Response {
  return NativeResponse.redirect(...args);
}

Object.defineProperties(AppResponse, {
  name: { value: 'Response', configurable: true },
  length: { value: 0, configurable: true },
  // Both make the same kind of object: `instanceof` holds for either, whoever made it.
  prototype: { value: NativeResponse.prototype, writable: false },
  json: { value: json, writable: true, configurable: true, enumerable: true },
  redirect: { value: redirect, writable: true, configurable: true, enumerable: true },
  error: { value: NativeResponse.error, writable: true, configurable: true, enumerable: true },
});

/** What `globalThis.Response` becomes. */
export const ResponseForApps = AppResponse as unknown as typeof Response;

/** The body of a Response that needs no stream to be read; `undefined` where it does. */
export function simpleBodyOf(response: Response): SimpleBody | undefined {
  return LightResponse.is(response) ? LightResponse.bodyOf(response) : undefined;
}

/**
 * The header of any Response as a flat list of lower-case names and values. One that is neither ours
 * nor Node's passes through Node's Headers, which refuses what would split the response.
 */
export function fieldsOf(response: Pick<Response, 'headers'>): readonly string[] {
  if (LightResponse.is(response)) return LightResponse.fieldsOf(response);
  const headers: Iterable<[string, string]> = response.headers;
  return flatten(headers instanceof NativeHeaders ? headers : new NativeHeaders([...headers]));
}

/** The reason phrase, empty where it is not fit for a status line. */
export function reasonPhraseOf(response: Response): string {
  const { statusText } = response;
  return typeof statusText === 'string' && !UNUSUAL_VALUE.test(statusText) ? statusText : '';
}
