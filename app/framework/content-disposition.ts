/** The field that tells a browser to save an answer under a name (RFC 6266). */

import { encodeStrictly } from './percent-encoding.ts';

/**
 * `attachment` with `name` as the file's name. What a quoted string of ASCII cannot hold, or old
 * browsers read otherwise (percent signs), is `_` there, and whole in `filename*` (RFC 8187).
 */
export function attachment(name: string): string {
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%/]/gu, '_');
  const field = `attachment; filename="${plain}"`;
  return plain === name
    ? field
    : `${field}; filename*=UTF-8''${encodeStrictly(name.toWellFormed())}`;
}
