/**
 * Which bytes may stand where: lookup tables over one latin1 character, and the few codes that
 * every parser of this folder compares with.
 */

export const HTAB = 9;
export const LF = 10;
export const CR = 13;
export const SPACE = 32;
export const COLON = 58;

/** Bit of `NAME_KIND`: a letter, a digit or a hyphen, the only characters nginx calls valid. */
export const PLAIN_NAME = 1;
/** Bit of `NAME_KIND`: an underscore (nginx `underscores_in_headers`, Gunicorn `header_map`). */
export const UNDERSCORE = 2;
/** Bit of `NAME_KIND`: any other tchar of RFC 9110 5.6.2. */
export const PUNCTUATION = 4;

function table(mark: (code: number) => number): Uint8Array {
  const marks = new Uint8Array(256);
  for (let code = 0; code < 256; code++) marks[code] = mark(code);
  return marks;
}

function isAlphanumeric(code: number): boolean {
  const lower = code | 0x20;
  return (code >= 0x30 && code <= 0x39) || (lower >= 0x61 && lower <= 0x7a);
}

/** What a character is inside a field name; 0 where it is no tchar (RFC 9110 5.6.2). */
export const NAME_KIND: Uint8Array = table((code) => {
  if (isAlphanumeric(code) || code === 0x2d) return PLAIN_NAME;
  if (code === 0x5f) return UNDERSCORE;
  return code < 0x80 && "!#$%&'*+.^`|~".includes(String.fromCharCode(code)) ? PUNCTUATION : 0;
});

/** 1 for what nginx and we let stand in a request-target: anything but controls and space. */
export const TARGET_CHARACTER: Uint8Array = table((code) => (code > 0x20 && code !== 0x7f ? 1 : 0));

/** 1 for letters, digits, `.` and `-`: a host name in an absolute target (nginx sw_host). */
export const HOST_CHARACTER: Uint8Array = table((code) =>
  isAlphanumeric(code) || code === 0x2e || code === 0x2d ? 1 : 0,
);

/** 1 for what may stand between `[` and `]` (nginx sw_host_ip_literal). */
export const LITERAL_CHARACTER: Uint8Array = table((code) =>
  isAlphanumeric(code) || (code < 0x80 && ":-._~!$&'()*+,;=".includes(String.fromCharCode(code)))
    ? 1
    : 0,
);

/** 1 for what may stand in a host name, RFC 3986 3.2.2 (nginx ngx_http_validate_host, 1.29.3). */
export const REG_NAME_CHARACTER: Uint8Array = table((code) =>
  isAlphanumeric(code) || (code < 0x80 && "-._~!$&'()*+,;=%".includes(String.fromCharCode(code)))
    ? 1
    : 0,
);

const HEX_DIGITS = '0123456789abcdef';

/** The value of a hexadecimal digit, 255 for any other character. */
export const HEX_VALUE: Uint8Array = table((code) => {
  const value = HEX_DIGITS.indexOf(String.fromCharCode(code).toLowerCase());
  return value < 0 ? 255 : value;
});

/** Whether `bytes` from `at` spell `lower` (letters and hyphens, lower case), in any case. */
export function spellsAt(bytes: Uint8Array, at: number, lower: string): boolean {
  for (let index = 0; index < lower.length; index++) {
    if ((bytes[at + index]! | 0x20) !== lower.charCodeAt(index)) return false;
  }
  return true;
}

/** Whether a token equals `lower` (letters, digits and hyphens, lower case), in any case. */
export function isSameToken(token: string, lower: string): boolean {
  if (token.length !== lower.length) return false;
  for (let index = 0; index < lower.length; index++) {
    if ((token.charCodeAt(index) | 0x20) !== lower.charCodeAt(index)) return false;
  }
  return true;
}

/** Whether every character is a tchar and there is at least one (RFC 9110 5.6.2). */
export function isToken(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0xff || NAME_KIND[code] === 0) return false;
  }
  return text.length > 0;
}
