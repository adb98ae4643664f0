/** The trailer section of a chunked message, RFC 9112 7.1.2, and what is left out of it. */
import { FIELD_LINE, FieldCursor, readFieldLine, SECTION_END } from './field-line.ts';

/** What `readTrailers` returns for a section that is no field lines. Compare by identity. */
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

/** Those of them that say where a message ends or leads: Gunicorn refuses a message that has them here. */
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'host', 'transfer-encoding']);

const cursor = new FieldCursor();

/**
 * Reads a whole section, its final empty line included. Fields that must not stand in it are left out,
 * as RFC 9110 6.5.1 wants: they do no harm where nobody reads them.
 *
 * @param text latin1
 * @param mostFields bound of the number of fields
 * @param refusesFraming whether a field that frames or routes spoils the section, in place of being left out
 * @returns a flat list name, value; or TRAILERS_INVALID
 */
export function readTrailers(
  text: string,
  mostFields: number,
  refusesFraming: boolean,
): readonly string[] {
  const trailers: string[] = [];
  const bytes = Buffer.from(text, 'latin1');
  let at = 0;
  let count = 0;
  for (;;) {
    const code = readFieldLine(bytes, at, bytes.length, cursor);
    if (code === SECTION_END) return trailers;
    if (code !== FIELD_LINE || ++count > mostFields) return TRAILERS_INVALID;
    const name = text.substring(at, cursor.nameEnd);
    const lower = name.toLowerCase().replaceAll('_', '-');
    if (refusesFraming && FRAMING.has(lower)) return TRAILERS_INVALID;
    if (!FORBIDDEN.has(lower)) {
      trailers.push(name, text.substring(cursor.valueStart, cursor.valueEnd));
    }
    at = cursor.next;
  }
}
