/** Field lines for a head that is sent: written once it is certain that they forge nothing. */
import { HTAB, isToken } from './characters.ts';

/**
 * Whether a value may stand in a field line, RFC 9110 5.5: no CR, LF, NUL or other control character
 * but HTAB, and no character above U+00FF, whose low byte could be any of these once written.
 */
export function isFieldValue(value: string): boolean {
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if ((code < 0x20 && code !== HTAB) || code === 0x7f || code > 0xff) return false;
  }
  return true;
}

/**
 * Makes `Name: value` CRLF.
 *
 * @param value latin1, one character per byte
 * @returns `undefined` where the name is no token or the value could break out of its line
 */
export function fieldLine(name: string, value: string): string | undefined {
  return isToken(name) && isFieldValue(value) ? `${name}: ${value}\r\n` : undefined;
}

/** Lines of a flat list name, value, name, value...; `undefined` where one of them is refused. */
export function fieldLines(fields: readonly string[]): string | undefined {
  let lines = '';
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const line = fieldLine(fields[index]!, fields[index + 1]!);
    if (line === undefined) return undefined;
    lines += line;
  }
  return lines;
}
