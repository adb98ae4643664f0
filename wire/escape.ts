/** Percent-encoding as nginx's ngx_escape_uri, one set of escaped bytes for each purpose. */

function escapes(plain: (code: number) => boolean): readonly string[] {
  return Array.from({ length: 256 }, (_, code) => {
    if (plain(code)) return String.fromCharCode(code);
    return `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
  });
}

function isPrintable(code: number): boolean {
  return code > 0x20 && code < 0x7f;
}

function isUnreserved(code: number): boolean {
  const lower = code | 0x20;
  const isAlphanumeric = (code >= 0x30 && code <= 0x39) || (lower >= 0x61 && lower <= 0x7a);
  return isAlphanumeric || code === 0x2d || code === 0x2e || code === 0x5f || code === 0x7e;
}

function excluding(characters: string): (code: number) => boolean {
  return (code) => isPrintable(code) && !characters.includes(String.fromCharCode(code));
}

const URI = escapes(excluding('"#%<>?\\^`{|}'));
const ARGS = escapes(excluding('"#%&+;<>?\\^`{|}'));
const COMPONENT = escapes(isUnreserved);

function escapeWith(table: readonly string[], text: string): string {
  let escaped = '';
  let from = 0;
  for (let index = 0; index < text.length; index++) {
    const piece = table[text.charCodeAt(index)]!;
    if (piece.length === 1) continue;
    escaped += text.substring(from, index) + piece;
    from = index + 1;
  }
  return from === 0 ? text : escaped + text.substring(from);
}

/**
 * Escapes a decoded path, for proxy_pass with a URI part and for redirects (NGX_ESCAPE_URI).
 *
 * @param text latin1, one character per byte, as all of these
 */
export function escapePath(text: string): string {
  return escapeWith(URI, text);
}

/** Escapes what becomes part of arguments, such as a capture in a rewrite (NGX_ESCAPE_ARGS). */
export function escapeArgs(text: string): string {
  return escapeWith(ARGS, text);
}

/** Escapes all but the unreserved characters (NGX_ESCAPE_URI_COMPONENT). */
export function escapeComponent(text: string): string {
  return escapeWith(COMPONENT, text);
}
