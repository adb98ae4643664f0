/** The request head under construction, and what is noticed of the fields as they are read. */
import { isSameToken, spellsAt } from './characters.ts';
import type { RequestHead } from './exchange.ts';
import { excerpt, Fault } from './head-problem.ts';
import { validateHost } from './host.ts';

/** A `RequestHead` whose slots are filled while reading; handed out as the read-only type. */
export class ParsedRequestHead implements RequestHead {
  method = '';
  target = '';
  version = 11;
  fields: string[] = [];
  host: string | undefined = undefined;
  contentLength = -1;
  isChunked = false;
  keepAlive = false;
  connection: string | undefined = undefined;
  upgrade: string | undefined = undefined;
  expectContinue = false;
  acceptEncoding: string | undefined = undefined;
  ifModifiedSince: string | undefined = undefined;
  ifUnmodifiedSince: string | undefined = undefined;
  ifMatch: string | undefined = undefined;
  ifNoneMatch: string | undefined = undefined;
  ifRange: string | undefined = undefined;
  range: string | undefined = undefined;
  userAgent: string | undefined = undefined;
  referer: string | undefined = undefined;
  repeatsSingleton = false;
  via: string | undefined = undefined;
  xForwardedFor: string | undefined = undefined;
  cookie: string | undefined = undefined;
  authorization: string | undefined = undefined;
  length = 0;
}

/** Fields that decide framing but have no slot of their own in a head; used again for each head. */
export class FramingFields {
  transferEncoding: string | undefined = undefined;
  contentType: string | undefined = undefined;
  contentRange: string | undefined = undefined;
  expect: string | undefined = undefined;
  isTransferEncodingRepeated = false;

  reset(): void {
    this.transferEncoding = undefined;
    this.contentType = undefined;
    this.contentRange = undefined;
    this.expect = undefined;
    this.isTransferEncodingRepeated = false;
  }
}

function duplicate(name: string, value: string, previous: string): Fault {
  const again = `"${name}: ${excerpt(value)}"`;
  const before = `"${name}: ${excerpt(previous)}"`;
  const message = `client sent duplicate header line: ${again}, previous value: ${before}`;
  return new Fault(400, 'duplicate', message);
}

/** A list field that came more than once is one list, RFC 9110 5.3. */
function joined(previous: string | undefined, value: string): string {
  return previous === undefined ? value : `${previous}, ${value}`;
}

/**
 * Notices a known field: chosen by the length of its name, then compared. Fields that may come once
 * are those of nginx's ngx_http_process_unique_header_line; of a repeated singleton that nginx lets
 * pass (Range, Referer, User-Agent) the first counts.
 *
 * @param at where the name starts in `bytes`
 * @returns a fault where the field must not stand here again or is malformed by itself
 */
export function noticeRequestField(
  bytes: Uint8Array,
  at: number,
  nameLength: number,
  value: string,
  head: ParsedRequestHead,
  framing: FramingFields,
): Fault | undefined {
  switch (nameLength) {
    case 3:
      if (spellsAt(bytes, at, 'via')) head.via = joined(head.via, value);
      return undefined;
    case 4:
      return spellsAt(bytes, at, 'host') ? noticeHost(value, head) : undefined;
    case 5:
      if (spellsAt(bytes, at, 'range')) head.range ??= value;
      return undefined;
    case 6:
      if (spellsAt(bytes, at, 'cookie')) {
        // RFC 9113 8.2.3: crumbs of one cookie field join with "; ".
        head.cookie = head.cookie === undefined ? value : `${head.cookie}; ${value}`;
      } else if (spellsAt(bytes, at, 'expect')) {
        if (framing.expect !== undefined) return duplicate('Expect', value, framing.expect);
        framing.expect = value;
        head.expectContinue = head.version > 10 && isSameToken(value, '100-continue');
      }
      return undefined;
    case 7:
      if (spellsAt(bytes, at, 'upgrade')) head.upgrade = joined(head.upgrade, value);
      else if (spellsAt(bytes, at, 'referer')) {
        if (head.referer !== undefined) head.repeatsSingleton = true;
        else head.referer = value;
      }
      return undefined;
    case 8:
      return noticeCondition(bytes, at, value, head);
    case 10:
      if (spellsAt(bytes, at, 'connection')) head.connection = joined(head.connection, value);
      else if (spellsAt(bytes, at, 'user-agent')) {
        if (head.userAgent !== undefined) head.repeatsSingleton = true;
        else head.userAgent = value;
      }
      return undefined;
    case 12:
      if (spellsAt(bytes, at, 'content-type')) {
        // RFC 9110 5.3: a singleton must not be repeated; nginx passes it on, Gunicorn refuses it.
        if (framing.contentType !== undefined && framing.contentType !== value) {
          return duplicate('Content-Type', value, framing.contentType);
        }
        framing.contentType = value;
      }
      return undefined;
    case 13:
      return noticeLength13(bytes, at, value, head, framing);
    case 14:
      return spellsAt(bytes, at, 'content-length') ? noticeContentLength(value, head) : undefined;
    case 15:
      if (spellsAt(bytes, at, 'accept-encoding')) {
        head.acceptEncoding = joined(head.acceptEncoding, value);
      } else if (spellsAt(bytes, at, 'x-forwarded-for')) {
        head.xForwardedFor = joined(head.xForwardedFor, value);
      }
      return undefined;
    case 17:
      return noticeLength17(bytes, at, value, head, framing);
    case 19:
      if (!spellsAt(bytes, at, 'if-unmodified-since')) return undefined;
      if (head.ifUnmodifiedSince !== undefined) {
        return duplicate('If-Unmodified-Since', value, head.ifUnmodifiedSince);
      }
      head.ifUnmodifiedSince = value;
      return undefined;
    default:
      return undefined;
  }
}

function noticeHost(value: string, head: ParsedRequestHead): Fault | undefined {
  const previous = head.host;
  if (previous !== undefined) {
    const again = `"Host: ${excerpt(value)}", previous value: "Host: ${excerpt(previous)}"`;
    return new Fault(400, 'duplicate', `client sent duplicate host header: ${again}`);
  }
  head.host = value;
  // Nearly always the host of the request before, which is remembered.
  if (validateHost(value) !== undefined) return undefined;
  return new Fault(400, 'host', 'client sent invalid host header');
}

/** If-Match and If-Range. */
function noticeCondition(
  bytes: Uint8Array,
  at: number,
  value: string,
  head: ParsedRequestHead,
): Fault | undefined {
  if (spellsAt(bytes, at, 'if-match')) {
    if (head.ifMatch !== undefined) return duplicate('If-Match', value, head.ifMatch);
    head.ifMatch = value;
  } else if (spellsAt(bytes, at, 'if-range')) {
    if (head.ifRange !== undefined) return duplicate('If-Range', value, head.ifRange);
    head.ifRange = value;
  }
  return undefined;
}

/** If-None-Match, Authorization and Content-Range. */
function noticeLength13(
  bytes: Uint8Array,
  at: number,
  value: string,
  head: ParsedRequestHead,
  framing: FramingFields,
): Fault | undefined {
  if (spellsAt(bytes, at, 'if-none-match')) {
    if (head.ifNoneMatch !== undefined) return duplicate('If-None-Match', value, head.ifNoneMatch);
    head.ifNoneMatch = value;
  } else if (spellsAt(bytes, at, 'authorization')) {
    if (head.authorization !== undefined) {
      return duplicate('Authorization', value, head.authorization);
    }
    head.authorization = value;
  } else if (spellsAt(bytes, at, 'content-range')) {
    if (framing.contentRange !== undefined) {
      return duplicate('Content-Range', value, framing.contentRange);
    }
    framing.contentRange = value;
  }
  return undefined;
}

/** Transfer-Encoding and If-Modified-Since. */
function noticeLength17(
  bytes: Uint8Array,
  at: number,
  value: string,
  head: ParsedRequestHead,
  framing: FramingFields,
): Fault | undefined {
  if (spellsAt(bytes, at, 'transfer-encoding')) {
    framing.isTransferEncodingRepeated = framing.transferEncoding !== undefined;
    framing.transferEncoding = joined(framing.transferEncoding, value);
  } else if (spellsAt(bytes, at, 'if-modified-since')) {
    if (head.ifModifiedSince !== undefined) {
      return duplicate('If-Modified-Since', value, head.ifModifiedSince);
    }
    head.ifModifiedSince = value;
  }
  return undefined;
}

function noticeContentLength(value: string, head: ParsedRequestHead): Fault | undefined {
  if (head.contentLength >= 0) {
    return duplicate('Content-Length', value, String(head.contentLength));
  }
  const length = readContentLength(value);
  if (length < 0) {
    return new Fault(400, 'content-length', 'client sent invalid "Content-Length" header');
  }
  head.contentLength = length;
  return undefined;
}

/**
 * Reads a Content-Length: digits alone, RFC 9110 8.6, and no list of equal values (`5, 5`).
 *
 * @returns bytes, or -1 where it is malformed or beyond what a number holds exactly
 */
export function readContentLength(value: string): number {
  if (value.length === 0) return -1;
  let length = 0;
  for (let index = 0; index < value.length; index++) {
    const digit = value.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
    // Zeros may lead, as many as there are.
    if (length > Number.MAX_SAFE_INTEGER) return -1;
  }
  return length;
}
