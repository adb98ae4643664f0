/** The trailer section of a chunked message, RFC 9112 7.1.2, and what may not stand in it. */
import { FIELD_LINE, FieldCursor, readFieldLine, SECTION_END } from './field-line.ts';

/** What `readTrailers` returns for a section that is refused. Compare by identity. */
export const TRAILERS_INVALID: readonly string[] = ['invalid'];

/**
 * Fields that frame, route, authorise or change the meaning of a message: whoever merged them after
 * the head was judged would be fooled (RFC 9110 6.5.1). Names in lower case.
 */
const FORBIDDEN: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'max-forwards',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'www-authenticate',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
]);

const cursor = new FieldCursor();

/**
 * Reads a whole section, its final empty line included.
 *
 * @param text latin1
 * @param mostFields bound of the number of fields
 * @returns a flat list name, value; or TRAILERS_INVALID
 */
export function readTrailers(text: string, mostFields: number): readonly string[] {
  const trailers: string[] = [];
  const bytes = Buffer.from(text, 'latin1');
  let at = 0;
  for (;;) {
    const code = readFieldLine(bytes, at, bytes.length, cursor);
    if (code === SECTION_END) return trailers;
    if (code !== FIELD_LINE || trailers.length >= 2 * mostFields) return TRAILERS_INVALID;
    const name = text.substring(at, cursor.nameEnd);
    if (isForbiddenTrailer(name)) return TRAILERS_INVALID;
    trailers.push(name, text.substring(cursor.valueStart, cursor.valueEnd));
    at = cursor.next;
  }
}

/** Whether a field must not stand in a trailer section; any case, `_` read as `-`. */
export function isForbiddenTrailer(name: string): boolean {
  return FORBIDDEN.has(name.toLowerCase().replaceAll('_', '-'));
}
