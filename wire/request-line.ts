/** The first line of a request, RFC 9112 3: method, request-target, version. */
import {
  COLON,
  CR,
  HOST_CHARACTER,
  isToken,
  LF,
  LITERAL_CHARACTER,
  NAME_KIND,
  SPACE,
  TARGET_CHARACTER,
} from './characters.ts';
import type { HeadLimits, MethodRule } from './head-limits.ts';
import { Fault } from './head-problem.ts';
import type { ParsedRequestHead } from './request-head.ts';

const ZERO = 0x30;
const SLASH = 0x2f;
const QUESTION = 0x3f;
const ASTERISK = 0x2a;

function invalidRequest(): Fault {
  return new Fault(400, 'start-line', 'client sent invalid request');
}

/**
 * Reads the request line that starts at `at` into `head`.
 *
 * @param bytes the bytes of `text`, at the same positions
 * @returns where the next line starts, a fault, or `undefined` where the line is incomplete and
 *   nothing is wrong with it yet
 */
export function readRequestLine(
  text: string,
  bytes: Uint8Array,
  at: number,
  limits: HeadLimits,
  head: ParsedRequestHead,
): number | Fault | undefined {
  const lineEnd = text.indexOf('\n', at);
  if ((lineEnd < 0 ? text.length : lineEnd + 1) - at > limits.startLineBytes) {
    return readLongLine(text, at, limits, head);
  }
  if (lineEnd < 0) return checkPartOfMethod(text, at);
  return readWholeLine(text, bytes, at, lineEnd, limits, head);
}

/** nginx: ngx_http_alloc_large_header_buffer declines a request line beyond one buffer. */
function readLongLine(
  text: string,
  at: number,
  limits: HeadLimits,
  head: ParsedRequestHead,
): Fault {
  const space = text.indexOf(' ', at);
  if (space > at && space < at + limits.startLineBytes) {
    head.method = text.substring(at, space);
    head.target = text.substring(space + 1, at + limits.startLineBytes);
  }
  return new Fault(limits.startLineStatus, 'start-line-too-long', 'client sent too long URI');
}

/** What is certainly no HTTP, such as TLS on a plain port, is refused before its line ends. */
function checkPartOfMethod(text: string, at: number): Fault | undefined {
  let index = at;
  while (index < text.length && NAME_KIND[text.charCodeAt(index)] !== 0) index++;
  if (index === text.length || (index > at && text.charCodeAt(index) === SPACE)) return undefined;
  // A bare CR may stand at the end of what has come so far: its LF may follow.
  if (text.charCodeAt(index) === CR && index === text.length - 1) return undefined;
  return new Fault(400, 'method', 'client sent invalid method');
}

/** `lineEnd` is where the LF is, so every loop below stops there at the latest. */
function readWholeLine(
  text: string,
  bytes: Uint8Array,
  at: number,
  lineEnd: number,
  limits: HeadLimits,
  head: ParsedRequestHead,
): number | Fault {
  let index = at;
  while (NAME_KIND[bytes[index]!] !== 0) index++;
  const method = knownMethod(bytes, at, index) ?? text.substring(at, index);
  if (bytes[index]! !== SPACE || !isMethodAllowed(method, limits.methods)) {
    return new Fault(400, 'method', 'client sent invalid method');
  }
  head.method = method;
  index++;
  if (limits.allowExtraSpaces) while (bytes[index]! === SPACE) index++;

  const targetStart = index;
  while (TARGET_CHARACTER[bytes[index]!] !== 0) index++;
  const target = text.substring(targetStart, index);
  head.target = target;
  if (bytes[targetStart]! !== SLASH && !isOtherForm(target, method)) {
    return invalidRequest();
  }
  return readVersion(text, bytes, index, lineEnd, limits, head);
}

/** From the first character after the request-target. */
function readVersion(
  text: string,
  bytes: Uint8Array,
  afterTarget: number,
  lineEnd: number,
  limits: HeadLimits,
  head: ParsedRequestHead,
): number | Fault {
  let index = afterTarget;
  let last = bytes[lineEnd - 1]! === CR ? lineEnd - 1 : lineEnd;
  if (limits.allowExtraSpaces) while (bytes[last - 1]! === SPACE) last--;
  if (index >= last)
    return readSimpleRequest(index === lineEnd || last === index, lineEnd, limits, head);
  if (bytes[index]! !== SPACE) return invalidRequest();
  index++;
  if (limits.allowExtraSpaces) while (bytes[index]! === SPACE) index++;
  if (last - index === 8 && startsHttp1(bytes, index)) {
    const minor = bytes[index + 7]! - ZERO;
    if (minor >= 0 && minor <= 9) {
      // RFC 9110 2.5: a higher minor version is read as the highest one known.
      head.version = minor === 0 ? 10 : 11;
      return lineEnd + 1;
    }
  }
  return refuseVersion(text.substring(index, last), limits);
}

/** `HTTP/1.`; the version is case-sensitive, RFC 9112 2.3. */
function startsHttp1(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 0x48 &&
    bytes[at + 1] === 0x54 &&
    bytes[at + 2] === 0x54 &&
    bytes[at + 3] === 0x50 &&
    bytes[at + 4] === SLASH &&
    bytes[at + 5] === ZERO + 1 &&
    bytes[at + 6] === 0x2e
  );
}

/** `GET /path` without a version. nginx: NGX_HTTP_PARSE_INVALID_09_METHOD. */
function readSimpleRequest(
  isClean: boolean,
  lineEnd: number,
  limits: HeadLimits,
  head: ParsedRequestHead,
): number | Fault {
  if (!limits.allowSimpleRequest || !isClean) return invalidRequest();
  if (head.method !== 'GET') {
    return new Fault(400, 'method', 'client sent invalid method in HTTP/0.9 request');
  }
  if (head.target.charCodeAt(0) !== SLASH) return invalidRequest();
  head.version = 9;
  return lineEnd + 1;
}

function refuseVersion(word: string, limits: HeadLimits): Fault {
  const major = /^HTTP\/(\d+)\.\d/.exec(word)?.[1];
  if (major === undefined || Number(major) < 2) return invalidRequest();
  return new Fault(limits.versionStatus, 'version', 'client sent invalid version');
}

/** The frequent methods without a new string. */
function knownMethod(bytes: Uint8Array, from: number, to: number): string | undefined {
  const first = bytes[from];
  const second = bytes[from + 1];
  const third = bytes[from + 2];
  if (to - from === 3) {
    return first === 0x47 && second === 0x45 && third === 0x54 ? 'GET' : undefined;
  }
  if (to - from !== 4) return undefined;
  const fourth = bytes[from + 3];
  if (first === 0x50 && second === 0x4f && third === 0x53 && fourth === 0x54) return 'POST';
  const isHead = first === 0x48 && second === 0x45 && third === 0x41 && fourth === 0x44;
  return isHead ? 'HEAD' : undefined;
}

function isMethodAllowed(method: string, rule: MethodRule): boolean {
  if (method === 'GET' || method === 'POST' || method === 'HEAD') return true;
  if (method === '') return false;
  switch (rule) {
    case 'nginx':
      return /^[A-Z_-]+$/.test(method);
    case 'conventional':
      return method.length >= 3 && method.length <= 20 && !/[a-z#]/.test(method);
    case 'token':
      return isToken(method);
  }
}

/** The forms of RFC 9112 3.2 that do not start with `/`. */
function isOtherForm(target: string, method: string): boolean {
  // RFC 9112 3.2.3 and 3.2.4: authority-form for CONNECT alone, asterisk-form for OPTIONS alone.
  if (method === 'CONNECT') return isAuthority(target, 0, true);
  if (target.charCodeAt(0) === ASTERISK) return target.length === 1 && method === 'OPTIONS';
  return isAbsolute(target);
}

/** `scheme://host[:port]` and a path or query, with the characters nginx lets stand in each. */
function isAbsolute(target: string): boolean {
  const colon = target.indexOf('://');
  if (colon < 1 || !/^[a-z][a-z0-9+.-]*$/i.test(target.substring(0, colon))) return false;
  return isAuthority(target, colon + 3, false);
}

/** A host and port from `at`; up to the end where `isWhole`, else up to `/`, `?` or the end. */
function isAuthority(target: string, at: number, isWhole: boolean): boolean {
  let index = at;
  if (target.charCodeAt(index) === 0x5b) {
    index++;
    while (index < target.length && LITERAL_CHARACTER[target.charCodeAt(index)] === 1) index++;
    if (target.charCodeAt(index) !== 0x5d || index === at + 1) return false;
    index++;
  } else {
    while (index < target.length && HOST_CHARACTER[target.charCodeAt(index)] === 1) index++;
  }
  // RFC 9110 4.2.1: an http URI with an empty host is invalid.
  if (index === at) return false;
  const hasPort = target.charCodeAt(index) === COLON;
  if (hasPort) {
    const portStart = ++index;
    while (index < target.length && isDigit(target.charCodeAt(index))) index++;
    if (isWhole && index === portStart) return false;
  }
  if (index === target.length) return !isWhole || hasPort;
  const next = target.charCodeAt(index);
  return !isWhole && (next === SLASH || next === QUESTION);
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= ZERO + 9;
}

/** Where the request line starts: empty lines before it are skipped, RFC 9112 2.2. */
export function skipEmptyLines(text: string, from: number): number {
  let index = from;
  for (;;) {
    const code = text.charCodeAt(index);
    if (code !== CR && code !== LF) return index;
    index++;
  }
}
