/** A URI that a server behind the proxy names for an internal redirect (X-Accel-Redirect). */
import { HEX_VALUE } from './characters.ts';

const NUL = 0;
const PERCENT = 0x25;
const DOT = 0x2e;
const SLASH = 0x2f;

/** A URI as nginx follows it, or as it names one that it does not follow. */
export interface GivenUri {
  /** Decoded where it held an escape; dot segments and slashes stay as they are. */
  readonly uri: string;
  /** After the first `?`, as it came. */
  readonly args: string;
  /** Whether it would leave the folder, or the text, that it begins in. */
  readonly isUnsafe: boolean;
}

/**
 * Reads a URI as ngx_http_parse_unsafe_uri: `..` as a whole segment is unsafe, before decoding and
 * after it, and so are NUL and an empty path.
 */
export function parseGivenUri(text: string): GivenUri {
  const mark = text.indexOf('?');
  const path = mark === -1 ? text : text.substring(0, mark);
  if (path === '' || climbs(path)) return { uri: text, args: '', isUnsafe: true };
  const uri = path.includes('%') ? decodeEscapes(path) : path;
  const args = mark === -1 ? '' : text.substring(mark + 1);
  return { uri, args, isUnsafe: uri !== path && climbs(uri) };
}

/** Whether a segment of the path is `..`, or a byte is NUL. */
function climbs(path: string): boolean {
  let isSegmentStart = true;
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code === NUL) return true;
    if (isSegmentStart && code === DOT && path.charCodeAt(i + 1) === DOT) {
      if (i + 2 === path.length || path.charCodeAt(i + 2) === SLASH) return true;
    }
    isSegmentStart = code === SLASH;
  }
  return false;
}

/**
 * ngx_unescape_uri without flags: every escape is decoded; `%x` gives `x` where that is no
 * hexadecimal digit, and `%1x` nothing.
 */
function decodeEscapes(text: string): string {
  let decoded = '';
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) !== PERCENT) {
      decoded += text[i];
      continue;
    }
    const high = digitAt(text, ++i);
    if (high > 15) {
      decoded += text[i] ?? '';
      continue;
    }
    const low = digitAt(text, ++i);
    if (low <= 15) decoded += String.fromCharCode(high * 16 + low);
  }
  return decoded;
}

function digitAt(text: string, at: number): number {
  return at < text.length ? HEX_VALUE[text.charCodeAt(at)]! : 255;
}
