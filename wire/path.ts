/**
 * The path a request means: percent-decoded, dot segments resolved, slashes merged, exactly as
 * nginx's ngx_http_parse_complex_uri, so that the same location and the same file are chosen.
 */
import { HEX_VALUE } from './characters.ts';

/** A request-target's path and arguments. */
export interface NormalisedPath {
  /** Decoded, one latin1 character per byte; starts with `/`. */
  readonly path: string;
  /** What follows the first `?`, as sent, fragment cut; `` where there is none. */
  readonly args: string;
  /** Whether the path held an escape (nginx quoted_uri): proxy_pass with a URI escapes it again. */
  readonly isQuoted: boolean;
}

const PERCENT = 0x25;
const DOT = 0x2e;
const SLASH = 0x2f;
const QUESTION = 0x3f;
const HASH = 0x23;

/**
 * Normalises an origin-form target (or the path and query of an absolute one).
 *
 * `%2F` becomes a slash and takes part in dot segments and merging, `%3F`, `%23` and `%25` become the
 * plain character, `+` stays. A fragment is cut.
 *
 * @param target starts with `/`, no control characters (as `readRequestHead` checks)
 * @param mergeSlashes nginx `merge_slashes`
 * @returns `undefined` where nginx answers 400: a malformed escape, `%00`, or `..` above the root
 */
export function normalisePath(target: string, mergeSlashes: boolean): NormalisedPath | undefined {
  const end = plainEnd(target);
  if (end === target.length) return { path: target, args: '', isQuoted: false };
  if (target.charCodeAt(end) !== QUESTION) return normaliseComplex(target, mergeSlashes);
  return { path: target.substring(0, end), args: cutFragment(target, end + 1), isQuoted: false };
}

/** How far the target needs no work: up to `?`, `%`, `#`, `//` or `/.`, or to its end. */
function plainEnd(target: string): number {
  let previous = 0;
  for (let index = 0; index < target.length; index++) {
    const code = target.charCodeAt(index);
    if (code === QUESTION || code === PERCENT || code === HASH) return index;
    if (previous === SLASH && (code === SLASH || code === DOT)) return index;
    previous = code;
  }
  return target.length;
}

function cutFragment(target: string, from: number): string {
  const hash = target.indexOf('#', from);
  return target.substring(from, hash < 0 ? target.length : hash);
}

/**
 * Segment by segment: `out` holds the path so far and ends with `/` whenever a segment begins.
 * A decoded character counts like a sent one, except that a decoded `?`, `#` or `%` is no delimiter.
 */
function normaliseComplex(target: string, mergeSlashes: boolean): NormalisedPath | undefined {
  let out = '';
  let segment = '';
  let args = '';
  let isQuoted = false;
  for (let index = 0; index < target.length; index++) {
    let code = target.charCodeAt(index);
    if (code === HASH) break;
    if (code === QUESTION) {
      args = cutFragment(target, index + 1);
      break;
    }
    if (code === PERCENT) {
      code = decodeEscape(target, index);
      if (code <= 0) return undefined;
      isQuoted = true;
      index += 2;
    }
    if (code !== SLASH) {
      segment += String.fromCharCode(code);
      continue;
    }
    const closed = closeSegment(out, segment, mergeSlashes);
    if (closed === undefined) return undefined;
    out = closed;
    segment = '';
  }
  const path = endPath(out, segment);
  if (path === undefined) return undefined;
  return { path, args, isQuoted };
}

/** The byte of the escape at `at`, or -1 where it is malformed. */
function decodeEscape(text: string, at: number): number {
  if (at + 2 >= text.length) return -1;
  const high = HEX_VALUE[text.charCodeAt(at + 1)] ?? 255;
  const low = HEX_VALUE[text.charCodeAt(at + 2)] ?? 255;
  return high > 15 || low > 15 ? -1 : high * 16 + low;
}

/** A slash came: `segment` is complete. The first one is the empty segment before the root. */
function closeSegment(out: string, segment: string, mergeSlashes: boolean): string | undefined {
  if (out === '') return '/';
  if (segment === '') return mergeSlashes ? out : `${out}/`;
  if (segment === '.') return out;
  if (segment === '..') return dropSegment(out);
  return `${out}${segment}/`;
}

/** The last segment is not followed by a slash. */
function endPath(out: string, segment: string): string | undefined {
  if (segment === '.') return out;
  if (segment === '..') return dropSegment(out);
  return out + segment;
}

/** Takes back one segment. `out` ends with a slash; above the root there is nothing to take. */
function dropSegment(out: string): string | undefined {
  if (out.length < 2) return undefined;
  return out.substring(0, out.lastIndexOf('/', out.length - 2) + 1);
}
