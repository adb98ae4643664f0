/** Byte ranges, RFC 9110 14, read as nginx's range filter reads them. */
import { parseHttpDate } from './date.ts';

/** Bytes `start` up to and without `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** The Range field does not apply: answer 200 with the whole. */
export const RANGE_IGNORED = 'ignored';
/** No range can be given: answer 416 with `Content-Range: bytes` and `*` for the range. */
export const RANGE_UNSATISFIABLE = 'unsatisfiable';

const ZERO = 0x30;
const DASH = 0x2d;

/** Walks over the text of one field. */
class RangeReader {
  readonly text: string;
  at: number;

  constructor(text: string, at: number) {
    this.text = text;
    this.at = at;
  }

  skipSpaces(): void {
    while (this.text.charCodeAt(this.at) === 0x20) this.at++;
  }

  /** A decimal number, or -1 where none stands here or it is not exact. */
  number(): number {
    const from = this.at;
    let value = 0;
    for (;;) {
      const digit = this.text.charCodeAt(this.at) - ZERO;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
      if (!Number.isSafeInteger(value)) return -1;
      this.at++;
    }
    return this.at === from ? -1 : value;
  }

  isAtEndOfRange(): boolean {
    return this.at >= this.text.length || this.text[this.at] === ',';
  }
}

/**
 * The ranges asked for, in the order asked.
 *
 * As nginx: another unit, more than `mostRanges` satisfiable ranges, or ranges that add up to more
 * than the content (overlaps, an attack) are ignored; a malformed field is unsatisfiable.
 *
 * @param field value of Range
 * @param bytes length of the content
 * @param mostRanges nginx `max_ranges`; 0 ignores the field
 */
export function parseRange(
  field: string,
  bytes: number,
  mostRanges: number,
): readonly ByteRange[] | typeof RANGE_IGNORED | typeof RANGE_UNSATISFIABLE {
  if (mostRanges === 0 || field.length < 7 || !/^bytes=/i.test(field)) return RANGE_IGNORED;
  const reader = new RangeReader(field, 6);
  const ranges: ByteRange[] = [];
  let sum = 0;
  for (;;) {
    const range = readOne(reader, bytes);
    if (range === undefined) return RANGE_UNSATISFIABLE;
    if (range.start < range.end) {
      if (ranges.length === mostRanges) return RANGE_IGNORED;
      ranges.push(range);
      sum += range.end - range.start;
    } else if (range.start === 0) {
      // The content is empty: nginx declines.
      return RANGE_IGNORED;
    }
    if (reader.at >= field.length) break;
    reader.at++;
  }
  if (ranges.length === 0) return RANGE_UNSATISFIABLE;
  return sum > bytes ? RANGE_IGNORED : ranges;
}

/** One range up to its comma; empty (`start >= end`) where it lies beyond the content. */
function readOne(reader: RangeReader, bytes: number): ByteRange | undefined {
  reader.skipSpaces();
  if (reader.text.charCodeAt(reader.at) === DASH) return readSuffix(reader, bytes);
  const start = reader.number();
  reader.skipSpaces();
  if (start < 0 || reader.text.charCodeAt(reader.at) !== DASH) return undefined;
  reader.at++;
  reader.skipSpaces();
  if (reader.isAtEndOfRange()) return { start, end: bytes };
  const last = reader.number();
  reader.skipSpaces();
  if (last < 0 || !reader.isAtEndOfRange()) return undefined;
  return { start, end: Math.min(last + 1, bytes) };
}

/** `-N`: the last N bytes. */
function readSuffix(reader: RangeReader, bytes: number): ByteRange | undefined {
  reader.at++;
  const length = reader.number();
  reader.skipSpaces();
  if (length < 0 || !reader.isAtEndOfRange()) return undefined;
  return { start: length < bytes ? bytes - length : 0, end: bytes };
}

/**
 * Whether If-Range allows the range: the tag is the response's own (strong comparison), or the date
 * is exactly its modification time.
 *
 * @param etag of the response, `undefined` where it has none
 * @param lastModified seconds since the epoch, -1 where there is none
 */
export function matchesIfRange(
  field: string,
  etag: string | undefined,
  lastModified: number,
): boolean {
  // RFC 9110 13.1.5 asks for a strong tag; nginx compares the text alone.
  if (field.length >= 2 && field.endsWith('"')) return field === etag && !field.startsWith('W/');
  return lastModified >= 0 && parseHttpDate(field) === lastModified;
}

/** The value of Content-Range for one range. */
export function contentRange(range: ByteRange, bytes: number): string {
  return `bytes ${range.start}-${range.end - 1}/${bytes}`;
}
