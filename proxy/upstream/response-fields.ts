/**
 * A response head from an upstream becomes the reply: known fields go to the reply's slots, where
 * header filters see them, the rest are passed on as they are, connection fields and hidden ones are
 * not. See nginx `ngx_http_upstream_process_headers`.
 */

import { isSameToken } from '../../wire/characters.ts';
import { parseHttpDate } from '../../wire/date.ts';
import type { ResponseHead } from '../../wire/exchange.ts';
import { isNamedByConnection } from '../../wire/framing.ts';
import type { HttpRequest } from '../http/request.ts';
import { WARN } from '../log/error-log.ts';
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
// Copied; they have numbers of their own to be told when they are repeated.
const EXPIRES = 13;
const STATUS = 14;
const ACCEL_EXPIRES = 15;
const ACCEL_REDIRECT = 16;
const ACCEL_LIMIT_RATE = 17;

/** The numbers above, without the bits below. */
const CODE = 31;
/** Not passed on. */
const HIDDEN = 32;
/** Only the first one counts (nginx `ngx_http_upstream_process_header_line` since 1.23). */
const UNIQUE = 64;

/** Names with their own handling, all others are copied. */
const KNOWN: readonly (readonly [name: string, code: number])[] = [
  ['Content-Length', DROP],
  ['Transfer-Encoding', DROP],
  ['Keep-Alive', DROP],
  ['Status', STATUS | UNIQUE],
  ['Content-Type', CONTENT_TYPE | UNIQUE],
  ['Last-Modified', LAST_MODIFIED | UNIQUE],
  ['ETag', ETAG | UNIQUE],
  ['Location', LOCATION | UNIQUE],
  ['Refresh', REFRESH | UNIQUE],
  ['Expires', EXPIRES | UNIQUE],
  ['Set-Cookie', SET_COOKIE],
  ['Content-Encoding', CONTENT_ENCODING],
  ['Date', DATE | UNIQUE],
  ['Server', SERVER | UNIQUE],
  ['Connection', CONNECTION],
  ['X-Accel-Expires', ACCEL_EXPIRES | UNIQUE],
  ['X-Accel-Redirect', ACCEL_REDIRECT | UNIQUE],
  ['X-Accel-Limit-Rate', ACCEL_LIMIT_RATE | UNIQUE],
];

const UNIQUE_NAMES: ReadonlySet<string> = new Set(
  KNOWN.filter(([, code]) => (code & UNIQUE) !== 0).map(([name]) => name.toLowerCase()),
);

/** nginx `ngx_http_proxy_hide_headers`. */
const HIDDEN_BY_DEFAULT: readonly string[] = [
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

/** What a location does with the fields of responses. Decided at load. */
export class ResponseFields {
  readonly #codes = new FieldTable();
  readonly #kept = new FieldTable();
  /** Whether the upstream's own Date and Server are passed on, and none where it sends none. */
  readonly #passesDate: boolean;
  readonly #passesServer: boolean;
  readonly #redirects: readonly Rewrite[];
  readonly #cookies: CookieRules | undefined;
  readonly #forcesRanges: boolean;

  /**
   * @param hide names of `proxy_hide_header`
   * @param pass names of `proxy_pass_header`, taken out of all that is hidden
   * @param forcesRanges whether ranges are cut here, whatever the upstream says of them
   */
  constructor(
    hide: readonly string[],
    pass: readonly string[],
    redirects: readonly Rewrite[],
    cookies: CookieRules | undefined,
    forcesRanges: boolean,
  ) {
    for (const [name, code] of KNOWN) this.#codes.set(name, code);
    if (forcesRanges) this.#codes.set('Accept-Ranges', DROP);
    const passed = new Set(pass.map((name) => name.toLowerCase()));
    for (const name of [...HIDDEN_BY_DEFAULT, ...hide]) {
      if (passed.has(name.toLowerCase())) continue;
      this.#codes.set(name, (this.#codes.codeOf(name) || DROP) | HIDDEN);
    }
    this.#passesDate = (this.#codes.codeOf('Date') & HIDDEN) === 0;
    this.#passesServer = (this.#codes.codeOf('Server') & HIDDEN) === 0;
    const known = new Map(KNOWN);
    for (const name of KEPT_BY_REDIRECT) this.#kept.set(name, known.get(name) ?? COPY);
    this.#redirects = redirects;
    this.#cookies = cookies;
    this.#forcesRanges = forcesRanges;
  }

  /** Fills the reply from a response head. */
  fill(r: HttpRequest, head: ResponseHead): void {
    r.status = head.status;
    r.reason = head.reason;
    r.contentLength = head.contentLength;
    // nginx: ngx_http_proxy_process_header adds empty ones, which take the place of its own.
    r.hasOwnDate = this.#passesDate;
    r.hasOwnServer = this.#passesServer;
    this.#take(r, head.fields, undefined);
    if (!this.#forcesRanges) return;
    r.allowRanges = true;
    // For If-Range.
    if (r.lastModifiedText !== '') r.lastModified = parseHttpDate(r.lastModifiedText);
  }

  /**
   * Takes only what an X-Accel-Redirect keeps, fields of `proxy_hide_header` among it, as nginx does.
   * Nothing stays in the reply but its type; the lines are given.
   */
  takeKept(r: HttpRequest, head: ResponseHead): string {
    r.extraLines = '';
    r.contentType = '';
    this.#take(r, head.fields, this.#kept);
    const lines = r.extraLines;
    r.givenType = r.contentType;
    r.extraLines = '';
    r.contentType = '';
    return lines;
  }

  #take(r: HttpRequest, fields: readonly string[], only: FieldTable | undefined): void {
    let lines = '';
    let connection = '';
    /** A bit for each unique field that was met. */
    let met = 0;
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i]!;
      let code = this.#codes.codeOf(name);
      if (code >= UNIQUE) {
        const bit = 1 << (code & CODE);
        if ((met & bit) !== 0) {
          warnOfRepeated(r, fields, i);
          continue;
        }
        met |= bit;
      }
      if (only !== undefined) {
        code = only.codeOf(name);
        if (code === 0) continue;
      } else if ((code & HIDDEN) !== 0) continue;
      code &= CODE;
      if (code === DROP) continue;
      const value = fields[i + 1]!;
      if (code === 0 || code >= COPY) lines += `${name}: ${value}\r\n`;
      else if (code === CONNECTION)
        connection = connection === '' ? value : `${connection},${value}`;
      else lines += this.#takeKnown(r, code, name, value);
    }
    if (connection !== '' && r.status !== 101 && !isPlain(connection)) {
      lines = withoutNamed(lines, connection);
    }
    r.extraLines += lines;
  }

  /** Puts a field into its slot; gives its line where it has none, or is empty. */
  #takeKnown(r: HttpRequest, code: number, name: string, value: string): string {
    switch (code) {
      case CONTENT_TYPE:
        r.contentType = value;
        return '';
      case LAST_MODIFIED:
        r.lastModifiedText = value;
        return emptyLine(name, value);
      case ETAG:
        r.etag = value;
        return emptyLine(name, value);
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
        if (r.contentEncoding !== '') return `${name}: ${value}\r\n`;
        r.contentEncoding = value;
        return emptyLine(name, value);
      default:
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

/** The line of a field without a value, which its slot could not tell from none. */
function emptyLine(name: string, value: string): string {
  return value === '' ? `${name}: \r\n` : '';
}

/** @param at where the repeated field stands in `fields` */
function warnOfRepeated(r: HttpRequest, fields: readonly string[], at: number): void {
  const lower = fields[at]!.toLowerCase();
  let first = 0;
  while (fields[first]!.toLowerCase() !== lower) first += 2;
  const again = `"${fields[at]}: ${fields[at + 1]}"`;
  const before = `"${fields[first]}: ${fields[first + 1]}"`;
  const message = `upstream sent duplicate header line: ${again}, previous value: ${before}, ignored`;
  r.log(WARN, `${message} while reading response header from upstream`);
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

/**
 * The value of a field by its lower-case name, `undefined` where there is none. Several are joined as
 * nginx joins them; of those that count once it is the first.
 */
export function fieldValue(fields: readonly string[], lower: string): string | undefined {
  let value: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (name.length !== lower.length || name.toLowerCase() !== lower) continue;
    if (value === undefined) value = fields[i + 1]!;
    else if (!UNIQUE_NAMES.has(lower)) value += `, ${fields[i + 1]}`;
  }
  return value;
}

/** All lines of a field by its lower-case name, '' where there is none. */
export function linesOf(fields: readonly string[], lower: string): string {
  let lines = '';
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (name.toLowerCase() === lower) lines += `${name}: ${fields[i + 1]}\r\n`;
  }
  return lines;
}
