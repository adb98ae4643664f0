/**
 * A response head from an upstream becomes the reply: known fields go to the reply's slots, where
 * header filters see them, the rest are passed on as they are, connection fields and hidden ones are
 * not. See nginx `ngx_http_upstream_process_headers`.
 */

import { isSameToken } from '../../wire/characters.ts';
import type { ResponseHead } from '../../wire/exchange.ts';
import { isNamedByConnection } from '../../wire/framing.ts';
import type { HttpRequest } from '../http/request.ts';
import { type CookieRules, rewriteCookie } from './cookies.ts';
import { FieldTable } from './field-table.ts';
import { type Rewrite, rewriteFirst, rewriteRefresh } from './rewrite-url.ts';

// What is done with a field, by name.
const DROP = 1;
const CONTENT_TYPE = 2;
const LAST_MODIFIED = 3;
const ETAG = 4;
const LOCATION = 5;
const REFRESH = 6;
const SET_COOKIE = 7;
const CONTENT_ENCODING = 8;
const DATE = 9;
const SERVER = 10;
const CONNECTION = 11;
const COPY = 12;

/** Names with their own handling, all others are copied. */
const KNOWN: readonly (readonly [name: string, code: number])[] = [
  ['Content-Length', DROP],
  ['Transfer-Encoding', DROP],
  ['Keep-Alive', DROP],
  ['Status', DROP],
  ['Content-Type', CONTENT_TYPE],
  ['Last-Modified', LAST_MODIFIED],
  ['ETag', ETAG],
  ['Location', LOCATION],
  ['Refresh', REFRESH],
  ['Set-Cookie', SET_COOKIE],
  ['Content-Encoding', CONTENT_ENCODING],
  ['Date', DATE],
  ['Server', SERVER],
  ['Connection', CONNECTION],
];

/** nginx `ngx_http_proxy_hide_headers`. */
const HIDDEN: readonly string[] = [
  'Date',
  'Server',
  'X-Pad',
  'X-Accel-Expires',
  'X-Accel-Redirect',
  'X-Accel-Limit-Rate',
  'X-Accel-Buffering',
  'X-Accel-Charset',
];

/**
 * What X-Accel-Redirect keeps of the response it replaces (nginx: fields with `redirect` set, but
 * for Accept-Ranges, which the new reply knows itself).
 */
const KEPT_BY_REDIRECT: readonly string[] = [
  'Content-Type',
  'Set-Cookie',
  'Content-Disposition',
  'Cache-Control',
  'Expires',
];

/** Fields of a response that another reply takes over. */
export interface KeptFields {
  readonly lines: string;
  /** '' for none. */
  readonly contentType: string;
}

/** What a location does with the fields of responses. Decided at load. */
export class ResponseFields {
  readonly #codes = new FieldTable();
  readonly #kept = new FieldTable();
  readonly #redirects: readonly Rewrite[];
  readonly #cookies: CookieRules | undefined;

  /**
   * @param hide names of `proxy_hide_header`
   * @param pass names of `proxy_pass_header`, taken out of what nginx hides by itself
   */
  constructor(
    hide: readonly string[],
    pass: readonly string[],
    redirects: readonly Rewrite[],
    cookies: CookieRules | undefined,
  ) {
    for (const [name, code] of KNOWN) this.#codes.set(name, code);
    const passed = new Set(pass.map((name) => name.toLowerCase()));
    const hidden = [...HIDDEN.filter((name) => !passed.has(name.toLowerCase())), ...hide];
    for (const name of hidden) this.#codes.set(name, DROP);
    const known = new Map(KNOWN);
    for (const name of KEPT_BY_REDIRECT) this.#kept.set(name, known.get(name) ?? COPY);
    this.#redirects = redirects;
    this.#cookies = cookies;
  }

  /** Fills the reply from a response head. */
  fill(r: HttpRequest, head: ResponseHead): void {
    r.status = head.status;
    r.reason = head.reason === '' ? undefined : head.reason;
    r.contentLength = head.contentLength;
    this.#take(r, head.fields, undefined);
  }

  /**
   * Takes only what an X-Accel-Redirect keeps, fields of `proxy_hide_header` among it, as nginx does;
   * nothing stays in the reply.
   */
  takeKept(r: HttpRequest, head: ResponseHead): KeptFields {
    r.extraLines = '';
    r.contentType = '';
    this.#take(r, head.fields, this.#kept);
    const kept = { lines: r.extraLines, contentType: r.contentType };
    r.extraLines = '';
    r.contentType = '';
    return kept;
  }

  #take(r: HttpRequest, fields: readonly string[], only: FieldTable | undefined): void {
    let lines = '';
    let connection = '';
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i]!;
      const code = (only ?? this.#codes).codeOf(name);
      if (code === DROP || (code === 0 && only !== undefined)) continue;
      const value = fields[i + 1]!;
      if (code === 0 || code === COPY) lines += `${name}: ${value}\r\n`;
      else if (code === CONNECTION)
        connection = connection === '' ? value : `${connection},${value}`;
      else lines += this.#takeKnown(r, code, name, value);
    }
    if (connection !== '' && r.status !== 101 && !isPlain(connection)) {
      lines = withoutNamed(lines, connection);
    }
    r.extraLines += lines;
  }

  /** Puts a field into its slot; gives its line where it has none. Of a repeated one the first counts. */
  #takeKnown(r: HttpRequest, code: number, name: string, value: string): string {
    switch (code) {
      case CONTENT_TYPE:
        if (r.contentType === '') r.contentType = value;
        return '';
      case LAST_MODIFIED:
        if (r.lastModifiedText === '') r.lastModifiedText = value;
        return '';
      case ETAG:
        if (r.etag === '') r.etag = value;
        return '';
      case LOCATION:
        return this.#takeLocation(r, name, value);
      case REFRESH:
        return `${name}: ${oneLine(rewriteRefresh(r, this.#redirects, value))}\r\n`;
      case SET_COOKIE: {
        const cookies = this.#cookies;
        if (cookies === undefined) return `${name}: ${value}\r\n`;
        return `${name}: ${oneLine(rewriteCookie(r, cookies, value))}\r\n`;
      }
      case CONTENT_ENCODING:
        if (r.contentEncoding === '') r.contentEncoding = value;
        return '';
      case DATE:
        r.hasOwnDate = true;
        return `${name}: ${value}\r\n`;
      default:
        r.hasOwnServer = true;
        return `${name}: ${value}\r\n`;
    }
  }

  /** nginx makes a Location absolute where it rewrote it; one it left alone goes as it is. */
  #takeLocation(r: HttpRequest, name: string, value: string): string {
    const rewritten = rewriteFirst(r, this.#redirects, value);
    if (rewritten === undefined) return `${name}: ${value}\r\n`;
    r.redirectTo = oneLine(rewritten);
    return '';
  }
}

/** A rewritten value must not add lines. */
function oneLine(value: string): string {
  return value.replace(/[\r\n\0]/g, ' ');
}

/** Whether Connection names no field: what nearly all responses say. */
function isPlain(connection: string): boolean {
  return isSameToken(connection, 'keep-alive') || isSameToken(connection, 'close');
}

/** RFC 9110 7.6.1: fields that Connection names are for this connection alone. */
function withoutNamed(lines: string, connection: string): string {
  return lines
    .split(/(?<=\r\n)/)
    .filter((line) => !isNamedByConnection(line.slice(0, line.indexOf(':')), connection))
    .join('');
}

/** The value of a field by its lower-case name, several joined as nginx joins them; or `undefined`. */
export function fieldValue(fields: readonly string[], lower: string): string | undefined {
  let value: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (name.length !== lower.length || name.toLowerCase() !== lower) continue;
    value = value === undefined ? fields[i + 1]! : `${value}, ${fields[i + 1]}`;
  }
  return value;
}
