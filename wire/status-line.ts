/** The first line of a response, RFC 9112 4: version, status code, reason phrase. */
import { CR, SPACE } from './characters.ts';
import type { HeadLimits } from './head-limits.ts';
import { Fault } from './head-problem.ts';
import type { ParsedResponseHead } from './response-head.ts';

const ZERO = 0x30;
const START = 'HTTP/1.';

function invalidStatusLine(): Fault {
  return new Fault(502, 'start-line', 'upstream sent no valid HTTP/1.0 header');
}

/** What most responses begin with: one comparison in place of the rules below. */
const USUAL = 'HTTP/1.1 200 OK\r\n';

/**
 * Reads the status line that starts at `at` into `head`.
 *
 * The reason phrase may be missing with or without its space; a control character in it is refused.
 *
 * @returns where the next line starts, a fault, or `undefined` where the line is incomplete
 */
export function readStatusLine(
  text: string,
  at: number,
  limits: HeadLimits,
  head: ParsedResponseHead,
): number | Fault | undefined {
  if (text.startsWith(USUAL, at) && USUAL.length <= limits.startLineBytes) {
    head.version = 11;
    head.status = 200;
    head.reason = 'OK';
    return at + USUAL.length;
  }
  const lineEnd = text.indexOf('\n', at);
  if ((lineEnd < 0 ? text.length : lineEnd) - at > limits.startLineBytes) {
    const words = 'upstream sent too big header while reading response header from upstream';
    return new Fault(502, 'start-line-too-long', words);
  }
  if (lineEnd < 0) {
    const known = Math.min(text.length - at, START.length);
    return text.startsWith(START.substring(0, known), at) ? undefined : invalidStatusLine();
  }
  const last = text.charCodeAt(lineEnd - 1) === CR ? lineEnd - 1 : lineEnd;
  const minor = text.charCodeAt(at + START.length) - ZERO;
  const status = readStatus(text, at + 9);
  if (
    last - at < 12 ||
    !text.startsWith(START, at) ||
    !(minor >= 0 && minor <= 9) ||
    text.charCodeAt(at + 8) !== SPACE ||
    status < 100 ||
    (last > at + 12 && text.charCodeAt(at + 12) !== SPACE)
  ) {
    return invalidStatusLine();
  }
  head.version = minor === 0 ? 10 : 11;
  head.status = status;
  head.reason = text.substring(at + 13, Math.max(at + 13, last));
  // RFC 9112 4: the phrase is HTAB, SP, VCHAR and obs-text; a bare CR would forge a line onward.
  for (let index = 0; index < head.reason.length; index++) {
    const code = head.reason.charCodeAt(index);
    if ((code < 0x20 && code !== 9) || code === 0x7f) return invalidStatusLine();
  }
  return lineEnd + 1;
}

/** Three digits, or -1. */
function readStatus(text: string, at: number): number {
  let status = 0;
  for (let index = at; index < at + 3; index++) {
    const digit = text.charCodeAt(index) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return -1;
    status = status * 10 + digit;
  }
  return status;
}
