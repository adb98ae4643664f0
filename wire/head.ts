/**
 * Message heads: request line or status line, then field lines, RFC 9112 2 to 5. One latin1 string
 * in, one value out. The caller decodes each read once, keeps what was not consumed and asks again
 * with more.
 *
 * ```
 *   text:  ....GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /next
 *              ^from                          ^from + head.length
 * ```
 */
import { isSameToken, PUNCTUATION, UNDERSCORE } from './characters.ts';
import type { RequestHead, ResponseHead } from './exchange.ts';
import {
  FIELD_LINE,
  FieldCursor,
  LINE_INCOMPLETE,
  LINE_INVALID,
  readFieldLine,
} from './field-line.ts';
import { fieldName } from './field-names.ts';
import type { HeadLimits } from './head-limits.ts';
import { excerpt, Fault, HeadProblem, type HeadProblemKind } from './head-problem.ts';
import { FramingFields, noticeRequestField, ParsedRequestHead } from './request-head.ts';
import { readRequestLine, skipEmptyLines } from './request-line.ts';
import { noticeResponseField, ParsedResponseHead } from './response-head.ts';
import { readStatusLine } from './status-line.ts';
import { hasToken, splitList } from './token-list.ts';

export {
  gunicornHeadLimits,
  type HeadLimits,
  nginxHeadLimits,
  responseHeadLimits,
} from './head-limits.ts';
export { HeadProblem, type HeadProblemKind } from './head-problem.ts';

const cursor = new FieldCursor();
const framing = new FramingFields();

/** Holds the bytes of a text whose caller has them no more; larger ones get a buffer of their own. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024);

function toBytes(text: string): Uint8Array {
  if (text.length > scratch.length) return Buffer.from(text, 'latin1');
  scratch.write(text, 0, 'latin1');
  return scratch;
}

/**
 * Reads a request head.
 *
 * @param text latin1, one character per byte
 * @param from where the head starts in `text`
 * @param limits bounds and dialect of this server
 * @param searchedTo how far `text` reached when this head was asked for the last time and was
 *   incomplete (the same `from`), or `from` at first: only what came since is searched for the end
 * @param bytes the bytes that `text` was decoded from, at the same positions, where the caller still
 *   has them: borrowed, and it saves copying them back
 * @returns the head; a problem; or `undefined` where bytes are missing. The text kept meanwhile is
 *   bounded by `limits.totalBytes` and one read, since a longer incomplete head is a problem.
 */
export function readRequestHead(
  text: string,
  from: number,
  limits: HeadLimits,
  searchedTo: number,
  bytes?: Uint8Array,
): RequestHead | HeadProblem | undefined {
  if (searchedTo > from && isStillIncomplete(text, from, limits, searchedTo)) return undefined;
  if (bytes !== undefined) return readRequest(text, bytes, from, limits);
  const part = text.substring(from, from + limits.totalBytes + 1);
  return readRequest(part, toBytes(part), 0, limits);
}

function readRequest(
  text: string,
  bytes: Uint8Array,
  from: number,
  limits: HeadLimits,
): RequestHead | HeadProblem | undefined {
  const start = skipEmptyLines(text, from);
  const head = new ParsedRequestHead();
  if (start === text.length) {
    // Nothing but empty lines so far.
    const isTooMuch = start - from > limits.totalBytes;
    return isTooMuch ? toProblem(tooLarge(limits), head, start - from) : undefined;
  }
  const at = readRequestLine(text, bytes, start, limits, head);
  if (at === undefined) return undefined;
  const end =
    typeof at === 'number' && head.version !== 9
      ? readRequestFields(text, bytes, from, at, limits, head)
      : at;
  if (end === undefined) return undefined;
  if (typeof end !== 'number') return toProblem(end, head, text.length - from);
  head.length = end - from;
  const fault = head.length > limits.totalBytes ? tooLarge(limits) : finishRequest(head, limits);
  return fault === undefined ? head : toProblem(fault, head, head.length);
}

function toProblem(fault: Fault, head: ParsedRequestHead, length: number): HeadProblem {
  head.length = length;
  return new HeadProblem<RequestHead>(fault.status, fault.kind, fault.message, head);
}

function tooLarge(limits: HeadLimits): Fault {
  return new Fault(limits.fieldsStatus, 'head-too-large', 'client sent too large request');
}

/**
 * Whether a head that was incomplete at `searchedTo` is so still and within limits, found without
 * reading it again: a client that sends byte by byte costs one search per byte, not one parse.
 */
function isStillIncomplete(
  text: string,
  from: number,
  limits: HeadLimits,
  searchedTo: number,
): boolean {
  if (text.length - from > limits.totalBytes) return false;
  const start = skipEmptyLines(text, from);
  const firstEnd = text.indexOf('\n', start);
  // The start line is looked at as soon as it is there; later lines when the section is complete.
  if (firstEnd < 0) return text.length - start <= limits.startLineBytes && start < searchedTo;
  if (firstEnd >= searchedTo) return false;
  if (text.length - text.lastIndexOf('\n') - 1 > limits.fieldLineBytes) return false;
  let lineEnd = text.indexOf('\n', Math.max(firstEnd, searchedTo - 2));
  while (lineEnd >= 0) {
    const next = text.charCodeAt(lineEnd + 1);
    // An LF, or a CR that is or is not followed by one: the section ends here or is wrong here.
    if (next === 0x0a || (next === 0x0d && lineEnd + 2 < text.length)) return false;
    lineEnd = text.indexOf('\n', lineEnd + 1);
  }
  return true;
}

/** One loop over the field lines. */
function readRequestFields(
  text: string,
  bytes: Uint8Array,
  from: number,
  sectionStart: number,
  limits: HeadLimits,
  head: ParsedRequestHead,
): number | Fault | undefined {
  const { fields } = head;
  const last = text.length;
  let at = sectionStart;
  let count = 0;
  framing.reset();
  for (;;) {
    const code = readFieldLine(bytes, at, last, cursor);
    if (code !== FIELD_LINE) return endOfFields(code, text, from, at, limits);
    if (cursor.next - at > limits.fieldLineBytes) return fieldTooLong(text, at, limits);
    const name = fieldName(bytes, text, at, cursor.nameEnd);
    if (cursor.nameKind < UNDERSCORE || isNameKept(cursor.nameKind, limits)) {
      if (++count > limits.fieldCount) return tooManyFields(limits);
      const value = text.substring(cursor.valueStart, cursor.valueEnd);
      fields.push(name, value);
      const fault = noticeRequestField(bytes, at, name.length, value, head, framing);
      if (fault !== undefined) return fault;
    } else if (isNameRefused(cursor.nameKind, limits)) {
      return new Fault(400, 'field-name', `client sent invalid header line: "${excerpt(name)}"`);
    }
    at = cursor.next;
  }
}

/** nginx drops such fields (`ignore_invalid_headers`, `underscores_in_headers off`). */
function isNameKept(nameKind: number, limits: HeadLimits): boolean {
  return (
    ((nameKind & UNDERSCORE) === 0 || limits.underscores === 'keep') &&
    ((nameKind & PUNCTUATION) === 0 || limits.punctuation === 'keep')
  );
}

function isNameRefused(nameKind: number, limits: HeadLimits): boolean {
  return (
    ((nameKind & UNDERSCORE) !== 0 && limits.underscores === 'refuse') ||
    ((nameKind & PUNCTUATION) !== 0 && limits.punctuation === 'refuse')
  );
}

/** The section is complete, faulty or cut off at the line that starts at `at`. */
function endOfFields(
  code: number,
  text: string,
  from: number,
  at: number,
  limits: HeadLimits,
): number | Fault | undefined {
  const isTooLong = text.length - at > limits.fieldLineBytes;
  if (code === LINE_INVALID) {
    return cursor.next - at > limits.fieldLineBytes
      ? fieldTooLong(text, at, limits)
      : invalidLine(text, at, cursor.next, 'client sent invalid header line');
  }
  if (code !== LINE_INCOMPLETE) return cursor.next;
  if (isTooLong) return fieldTooLong(text, at, limits);
  return text.length - from > limits.totalBytes ? tooLarge(limits) : undefined;
}

function invalidLine(text: string, at: number, faulty: number, words: string): Fault {
  const code = text.charCodeAt(faulty).toString(16).padStart(2, '0');
  const message = `${words}: "${excerpt(text, at, faulty)}\\x${code}..."`;
  return new Fault(400, 'field-line', message);
}

function fieldTooLong(text: string, at: number, limits: HeadLimits): Fault {
  const line = excerpt(text, at, at + limits.fieldLineBytes).replace(/[\r\n][\s\S]*$/, '');
  const message = `client sent too long header line: "${line}..."`;
  return new Fault(limits.fieldsStatus, 'field-too-long', message);
}

function tooManyFields(limits: HeadLimits): Fault {
  return new Fault(limits.fieldsStatus, 'too-many-fields', 'client sent too many header lines');
}

/** What can only be judged with all fields read. nginx: ngx_http_process_request_header. */
function finishRequest(head: ParsedRequestHead, limits: HeadLimits): Fault | undefined {
  if (head.version === 9) return undefined;
  if (head.host === undefined && limits.requireHost && head.version === 11) {
    return new Fault(400, 'missing-host', 'client sent HTTP/1.1 request without "Host" header');
  }
  head.keepAlive = mayKeepAlive(head.version, head.connection);
  if (framing.transferEncoding === undefined) return undefined;
  return finishTransferEncoding(framing.transferEncoding, head, limits);
}

function finishTransferEncoding(
  codings: string,
  head: ParsedRequestHead,
  limits: HeadLimits,
): Fault | undefined {
  if (head.version < 11) {
    // RFC 9112 6.1: with HTTP/1.0 the framing is faulty.
    return badCoding('client sent HTTP/1.0 request with "Transfer-Encoding" header');
  }
  const list = splitList(codings.toLowerCase());
  const hasEmptyElement = codings.split(',').length !== list.length;
  if (
    hasEmptyElement ||
    list[list.length - 1] !== 'chunked' ||
    list.indexOf('chunked') !== list.length - 1
  ) {
    return limits.allowInnerCodings || list.includes('chunked')
      ? badCoding(`client sent invalid "Transfer-Encoding": "${excerpt(codings)}"`)
      : unknownCoding(codings);
  }
  if (head.contentLength >= 0) {
    // RFC 9112 6.3 item 3: may be an attempt at request smuggling.
    return badCoding(
      'client sent "Content-Length" and "Transfer-Encoding" headers at the same time',
    );
  }
  if (list.length > 1 && !limits.allowInnerCodings) return unknownCoding(codings);
  if (list.length > 1 && !list.every(isKnownCoding)) return unknownCoding(codings);
  head.isChunked = true;
  return undefined;
}

function badCoding(message: string): Fault {
  return new Fault(400, 'transfer-encoding', message);
}

function unknownCoding(codings: string): Fault {
  const message = `client sent unknown "Transfer-Encoding": "${excerpt(codings)}"`;
  return new Fault(501, 'unknown-coding', message);
}

/** RFC 9112 7: the registered codings, and the `identity` of older clients. */
function isKnownCoding(coding: string): boolean {
  return /^(?:chunked|identity|(?:x-)?gzip|(?:x-)?compress|deflate)$/.test(coding);
}

/** RFC 9112 9.3: persistence by version and Connection. */
export function mayKeepAlive(version: number, connection: string | undefined): boolean {
  if (connection === undefined) return version > 10;
  if (isSameToken(connection, 'keep-alive')) return true;
  if (hasToken(connection, 'close')) return false;
  return version > 10 || hasToken(connection, 'keep-alive');
}

/**
 * Reads a response head from an upstream; parameters as for `readRequestHead`. Problems have status
 * 502 and nginx's words for upstreams.
 */
export function readResponseHead(
  text: string,
  from: number,
  limits: HeadLimits,
  searchedTo: number,
  bytes?: Uint8Array,
): ResponseHead | HeadProblem<ResponseHead> | undefined {
  if (searchedTo > from && isStillIncomplete(text, from, limits, searchedTo)) return undefined;
  if (bytes !== undefined) return readResponse(text, bytes, from, limits);
  const part = text.substring(from, from + limits.totalBytes + 1);
  return readResponse(part, toBytes(part), 0, limits);
}

function readResponse(
  text: string,
  bytes: Uint8Array,
  from: number,
  limits: HeadLimits,
): ResponseHead | HeadProblem<ResponseHead> | undefined {
  const head = new ParsedResponseHead();
  const at = readStatusLine(text, from, limits, head);
  if (at === undefined) return undefined;
  const end = typeof at === 'number' ? readResponseFields(text, bytes, from, at, limits, head) : at;
  if (end === undefined) return undefined;
  head.length = typeof end === 'number' ? end - from : text.length - from;
  let fault = typeof end === 'number' ? head.finish() : end;
  if (typeof end === 'number' && head.length > limits.totalBytes) fault = tooBig('head-too-large');
  if (fault === undefined) return head;
  return new HeadProblem<ResponseHead>(fault.status, fault.kind, fault.message, head);
}

function tooBig(kind: HeadProblemKind): Fault {
  const message = 'upstream sent too big header while reading response header from upstream';
  return new Fault(502, kind, message);
}

function readResponseFields(
  text: string,
  bytes: Uint8Array,
  from: number,
  sectionStart: number,
  limits: HeadLimits,
  head: ParsedResponseHead,
): number | Fault | undefined {
  const { fields } = head;
  let at = sectionStart;
  let count = 0;
  for (;;) {
    const code = readFieldLine(bytes, at, text.length, cursor);
    if (code === LINE_INCOMPLETE) {
      return text.length - from > limits.totalBytes ? tooBig('head-too-large') : undefined;
    }
    if (code === LINE_INVALID) {
      const fault = invalidLine(text, at, cursor.next, 'upstream sent invalid header');
      return new Fault(502, fault.kind, fault.message);
    }
    if (code !== FIELD_LINE) return cursor.next;
    if (cursor.next - at > limits.fieldLineBytes) return tooBig('field-too-long');
    if (++count > limits.fieldCount) return tooBig('too-many-fields');
    const value = text.substring(cursor.valueStart, cursor.valueEnd);
    fields.push(fieldName(bytes, text, at, cursor.nameEnd), value);
    const fault = noticeResponseField(bytes, at, cursor.nameEnd - at, value, head);
    if (fault !== undefined) return fault;
    at = cursor.next;
  }
}
