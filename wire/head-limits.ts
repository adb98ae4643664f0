/** How much of a message head is read before it is refused, and which dialect is read. */
import { CHUNKED_LIMITS, type ChunkedLimits } from './chunked.ts';

/** Which request methods are read. */
export type MethodRule =
  /** `A-Z`, `_` and `-`, as nginx. */
  | 'nginx'
  /** A token of 3 to 20 characters without `a-z` and `#`, as Gunicorn. */
  | 'conventional'
  /** Any token, as RFC 9110 and Gunicorn's `permit_unconventional_http_method`. */
  | 'token';

/** What becomes of a field whose name is legal but risky: kept, left out, or the head refused. */
export type NameRule = 'keep' | 'drop' | 'refuse';

/**
 * Limits in bytes (a line counts with its line end) and the choices in which the two tiers differ.
 * One object per server or listener, made at load.
 */
export interface HeadLimits {
  /** Longest start line. */
  readonly startLineBytes: number;
  /** Longest field line. */
  readonly fieldLineBytes: number;
  /** Largest number of field lines. */
  readonly fieldCount: number;
  /** Longest head, empty lines before the start line included. */
  readonly totalBytes: number;
  /** Answer to a start line that is too long: 414 (nginx) or 400 (Gunicorn). */
  readonly startLineStatus: number;
  /** Answer to fields that are too long or too many: 494 (nginx) or 431 (Gunicorn). */
  readonly fieldsStatus: number;
  /** Answer to a major version above 1: 505 (nginx) or 400 (Gunicorn). */
  readonly versionStatus: number;
  readonly methods: MethodRule;
  /** Names with `_`: nginx `underscores_in_headers`, Gunicorn `header_map`. */
  readonly underscores: NameRule;
  /** Names with a tchar beside letters, digits, `-`, `_`: nginx `ignore_invalid_headers`. */
  readonly punctuation: NameRule;
  /** Whether HTTP/1.1 without Host is refused (RFC 9112 3.2). */
  readonly requireHost: boolean;
  /** Whether the simple request `GET /path` of HTTP/0.9 is read. */
  readonly allowSimpleRequest: boolean;
  /** Whether several spaces part the words of the request line, as nginx reads it. */
  readonly allowExtraSpaces: boolean;
  /**
   * Whether `gzip, chunked` and the like are read, the inner codings left to whoever reads the
   * content; otherwise anything but `chunked` is refused with 501, as nginx does.
   */
  readonly allowInnerCodings: boolean;
  /** Bounds of the content that follows in chunks. */
  readonly chunked: ChunkedLimits;
}

/** Fields are always counted, even where the configuration sets no bound. */
const MOST_FIELDS = 32768;
/** The bound of a whole head where the configuration's own is larger. */
const LONGEST_HEAD_BYTES = 16 * 1024 * 1024;

/**
 * Limits as nginx's `large_client_header_buffers` states them: a request line longer than one
 * buffer is answered 414, a field line longer than one buffer or a head longer than all of them 494
 * (shown as 400). nginx packs whole lines into buffers, so a head a little shorter than their sum
 * may already be refused there.
 *
 * @param count number of buffers, 4 by default
 * @param sizeBytes size of one, 8192 by default
 * @param fieldCount nginx `max_headers`
 */
export function nginxHeadLimits(count = 4, sizeBytes = 8192, fieldCount = 1000): HeadLimits {
  return {
    startLineBytes: sizeBytes,
    fieldLineBytes: sizeBytes,
    fieldCount,
    totalBytes: Math.min(count * sizeBytes, LONGEST_HEAD_BYTES),
    startLineStatus: 414,
    fieldsStatus: 494,
    versionStatus: 505,
    methods: 'nginx',
    underscores: 'drop',
    punctuation: 'drop',
    requireHost: true,
    allowSimpleRequest: true,
    allowExtraSpaces: true,
    allowInnerCodings: false,
    chunked: CHUNKED_LIMITS,
  };
}

/**
 * Limits as Gunicorn states them: `limit_request_line` counts without the line end,
 * `limit_request_field_size` with it; 0 means no bound of its own.
 *
 * @param line 4094 by default
 * @param fields 100 by default
 * @param fieldSize 8190 by default
 */
export function gunicornHeadLimits(line = 4094, fields = 100, fieldSize = 8190): HeadLimits {
  const fieldCount = fields > 0 ? Math.min(fields, MOST_FIELDS) : MOST_FIELDS;
  const fieldLineBytes = fieldSize > 0 ? fieldSize : LONGEST_HEAD_BYTES;
  const startLineBytes = line > 0 ? line + 2 : LONGEST_HEAD_BYTES;
  return {
    startLineBytes,
    fieldLineBytes,
    fieldCount,
    totalBytes: Math.min(startLineBytes + fieldCount * fieldLineBytes + 4, LONGEST_HEAD_BYTES),
    startLineStatus: 400,
    fieldsStatus: 431,
    versionStatus: 400,
    methods: 'conventional',
    underscores: 'drop',
    punctuation: 'keep',
    requireHost: true,
    allowSimpleRequest: false,
    allowExtraSpaces: false,
    allowInnerCodings: false,
    chunked: { ...CHUNKED_LIMITS, refusesFramingTrailers: true },
  };
}

/**
 * Limits of a response head. nginx bounds it by `proxy_buffer_size` as a whole.
 *
 * @param totalBytes longest head
 */
export function responseHeadLimits(totalBytes = 8192): HeadLimits {
  return {
    ...nginxHeadLimits(1, totalBytes, MOST_FIELDS),
    startLineStatus: 502,
    fieldsStatus: 502,
    versionStatus: 502,
    underscores: 'keep',
    punctuation: 'keep',
  };
}
