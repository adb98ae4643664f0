/** Texts in addresses and fields (RFC 3986 2.1). */

/** `text` with everything escaped that is no letter, digit, or one of `-._~!`; so no quote or bracket is left. */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** `path` with its parts escaped and its slashes left. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
