/** How values are made safe inside a line of an access log: nginx's ngx_http_log_module. */

/** What `log_format escape=` may say. */
export type LogEscape = 'default' | 'json' | 'none';

/** ngx_http_log_escape: quote, backslash, control characters, and all bytes from 0x7f. */
const UNSAFE = /["\\\x00-\x1f\x7f-\xff]/;
const EVERY_UNSAFE = new RegExp(UNSAFE, 'g');

/** ngx_escape_json: quote, backslash, control characters. */
const UNSAFE_IN_JSON = /["\\\x00-\x1f]/;
const EVERY_UNSAFE_IN_JSON = new RegExp(UNSAFE_IN_JSON, 'g');

/** Unsafe characters become `\xXX`. The text is latin1, one character per byte. */
export function escapeLogValue(text: string): string {
  return UNSAFE.test(text) ? text.replace(EVERY_UNSAFE, hexadecimal) : text;
}

/** Unsafe characters become what a JSON string spells them as. Bytes from 0x7f stay. */
export function escapeJsonValue(text: string): string {
  return UNSAFE_IN_JSON.test(text) ? text.replace(EVERY_UNSAFE_IN_JSON, jsonEscape) : text;
}

function hexadecimal(character: string): string {
  return `\\x${twoDigits(character)}`;
}

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
};

function jsonEscape(character: string): string {
  return SHORT[character] ?? `\\u00${twoDigits(character)}`;
}

function twoDigits(character: string): string {
  return character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');
}
