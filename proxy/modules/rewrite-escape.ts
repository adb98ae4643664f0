/** How nginx decodes a redirect that `rewrite` made. */

const QUESTION = 0x3f;
const PERCENT = 0x25;
const DELETE = 0x7f;

/**
 * ngx_unescape_uri with NGX_UNESCAPE_REDIRECT: up to the first `?`, escapes of printable characters
 * above `%` become the characters; other escapes stay; broken escapes lose their `%`.
 */
export function unescapeRedirect(text: string): string {
  if (!text.includes('%')) return text;
  let decoded = '';
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUESTION) return decoded + text.slice(at);
    if (code !== PERCENT) {
      decoded += text[at];
      continue;
    }
    const first = digit(text.charCodeAt(at + 1));
    if (first === -1) {
      decoded += text.slice(at + 1, at + 2);
      at += 1;
      continue;
    }
    const second = digit(text.charCodeAt(at + 2));
    if (second !== -1) {
      const character = first * 16 + second;
      if (character === QUESTION && isLetter(text.charCodeAt(at + 2))) {
        return `${decoded}?${text.slice(at + 3)}`;
      }
      decoded +=
        character > PERCENT && character < DELETE
          ? String.fromCharCode(character)
          : text.slice(at, at + 3);
    }
    at += 2;
  }
  return decoded;
}

function isLetter(code: number): boolean {
  return code > 0x39;
}

/** The value of a hexadecimal digit, or -1. */
function digit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
