/**
 * The field lines sent to an upstream: Host, those of `proxy_set_header` and nginx's own, then the
 * client's. What depends on nothing is joined at load. See nginx `ngx_http_proxy_create_request`.
 */
import type { HttpRequest } from '../http/request.ts';
import type { Value } from '../http/script.ts';
import { FieldTable } from './field-table.ts';

/** Content-Length as it is for this request. */
const LENGTH = 1;
/** Transfer-Encoding: chunked, where the content is sent in chunks. */
const CODING = 2;

/** One field to send: a value, or one of the numbers above. */
interface SetField {
  readonly name: string;
  readonly value: Value | typeof LENGTH | typeof CODING | undefined;
  /** What is sent where the value is empty; nothing where there is none. */
  readonly otherwise?: Value | undefined;
}

/** Constant text, then what depends on the request. */
class Piece {
  readonly text: string;
  readonly kind: number;
  readonly value: Value | undefined;
  readonly otherwise: Value | undefined;

  constructor(
    text: string,
    kind: number,
    value: Value | undefined,
    otherwise: Value | undefined = undefined,
  ) {
    this.text = text;
    this.kind = kind;
    this.value = value;
    this.otherwise = otherwise;
  }
}

const TEXT = 0;
const VALUE = 3;

/** The fields of requests of one location. */
export class RequestTemplate {
  readonly #pieces: readonly Piece[];
  readonly #replaced = new FieldTable();
  readonly #passesFields: boolean;

  /**
   * @param set name and value of each `proxy_set_header`, in order
   * @param host what Host is unless it is set
   * @param httpVersion of the request: HTTP/1.1 has a Host, whatever is set (RFC 9112 3.2)
   * @param passesFields nginx `proxy_pass_request_headers`
   */
  constructor(
    set: readonly (readonly [name: string, value: Value])[],
    host: Value,
    httpVersion: number,
    passesFields: boolean,
  ) {
    const fields = withDefaults(set, host, httpVersion);
    for (const { name } of fields) this.#replaced.set(name, 1);
    this.#pieces = joinPieces(fields);
    this.#passesFields = passesFields;
  }

  /** All field lines, without the empty line after them. `length` -1 sends no Content-Length. */
  lines(r: HttpRequest, length: number, isChunked: boolean): string {
    let text = '';
    const pieces = this.#pieces;
    for (let i = 0; i < pieces.length; i++) {
      const piece = pieces[i]!;
      if (piece.kind === TEXT) text += piece.text;
      else if (piece.kind === VALUE) text += valueLine(piece, r);
      else if (piece.kind === LENGTH) {
        if (length >= 0) text += `Content-Length: ${length}\r\n`;
      } else if (isChunked) text += 'Transfer-Encoding: chunked\r\n';
    }
    return this.#passesFields ? text + this.#clientLines(r.head.fields) : text;
  }

  #clientLines(fields: readonly string[]): string {
    let text = '';
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i]!;
      if (this.#replaced.codeOf(name) === 0) text += `${name}: ${fields[i + 1]}\r\n`;
    }
    return text;
  }
}

/** nginx leaves a field out whose value is empty. */
function valueLine(piece: Piece, r: HttpRequest): string {
  let value = oneLine(piece.value!.evaluate(r));
  if (value === '' && piece.otherwise !== undefined) value = oneLine(piece.otherwise.evaluate(r));
  return value === '' ? '' : `${piece.text}${value}\r\n`;
}

/**
 * Replaces line ends and NUL by spaces. A decoded `$uri` may hold them, and nginx would send them as
 * lines of their own.
 */
function oneLine(value: string): string {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code <= 13 && (code === 13 || code === 10 || code === 0)) {
      return value.replace(/[\r\n\0]/g, ' ');
    }
  }
  return value;
}

/**
 * nginx `ngx_http_proxy_headers`: sent, or with no value kept from being passed on. Host comes first,
 * and of several the last one, since 1.29.
 */
function withDefaults(
  set: readonly (readonly [name: string, value: Value])[],
  host: Value,
  httpVersion: number,
): readonly SetField[] {
  const isHost = ([name]: readonly [name: string, value: Value]): boolean =>
    name.toLowerCase() === 'host';
  const own = set.findLast(isHost)?.[1] ?? host;
  const otherwise = httpVersion > 10 ? host : undefined;
  const fields: SetField[] = [
    own.constant === ''
      ? { name: 'Host', value: otherwise }
      : { name: 'Host', value: own, otherwise },
  ];
  for (const line of set) if (!isHost(line)) fields.push({ name: line[0], value: line[1] });
  const defaults: readonly SetField[] = [
    { name: 'Connection', value: undefined },
    { name: 'Content-Length', value: LENGTH },
    { name: 'Transfer-Encoding', value: CODING },
    { name: 'TE', value: undefined },
    { name: 'Keep-Alive', value: undefined },
    { name: 'Expect', value: undefined },
    { name: 'Upgrade', value: undefined },
  ];
  for (const field of defaults) {
    const lower = field.name.toLowerCase();
    if (!set.some(([name]) => name.toLowerCase() === lower)) fields.push(field);
  }
  return fields;
}

function joinPieces(fields: readonly SetField[]): readonly Piece[] {
  const pieces: Piece[] = [];
  let text = '';
  for (const { name, value, otherwise } of fields) {
    if (value === undefined) continue;
    if (typeof value !== 'number' && value.constant !== undefined) {
      if (value.constant !== '') text += `${name}: ${oneLine(value.constant)}\r\n`;
      continue;
    }
    if (text !== '') pieces.push(new Piece(text, TEXT, undefined));
    text = '';
    if (typeof value === 'number') pieces.push(new Piece('', value, undefined));
    else pieces.push(new Piece(`${name}: `, VALUE, value, otherwise));
  }
  if (text !== '') pieces.push(new Piece(text, TEXT, undefined));
  return pieces;
}
