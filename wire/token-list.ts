/** Comma-separated lists of tokens, RFC 9110 5.6.1: `Connection`, `Transfer-Encoding`, `Upgrade`. */
import { HTAB, isSameToken, SPACE } from './characters.ts';

const COMMA = 0x2c;

function isSpace(code: number): boolean {
  return code === SPACE || code === HTAB;
}

/** Cuts optional white space (SP and HTAB, RFC 9110 5.6.3) off both ends. */
export function trimSpace(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isSpace(text.charCodeAt(from))) from++;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  return from === 0 && to === text.length ? text : text.substring(from, to);
}

/** Splits a list into its elements, white space cut, empty elements left out. Case is kept. */
export function splitList(list: string): string[] {
  const elements: string[] = [];
  let from = 0;
  for (let index = 0; index <= list.length; index++) {
    if (index < list.length && list.charCodeAt(index) !== COMMA) continue;
    const element = trimSpace(list.substring(from, index));
    if (element !== '') elements.push(element);
    from = index + 1;
  }
  return elements;
}

/**
 * Whether a list holds the token `lower` (given in lower case), in any case. Makes a string of an
 * element only where it is as long as the token.
 */
export function hasToken(list: string, lower: string): boolean {
  // The lists that nearly every message carries hold one element.
  if (isSameToken(list, lower)) return true;
  if (list.length <= lower.length) return false;
  for (let from = 0; from < list.length; ) {
    const comma = list.indexOf(',', from);
    const to = comma < 0 ? list.length : comma;
    if (isElement(list, from, to, lower)) return true;
    from = to + 1;
  }
  return false;
}

/** Whether `from`..`to` of a list, white space aside, is the token. */
function isElement(list: string, from: number, to: number, lower: string): boolean {
  let start = from;
  let end = to;
  while (start < end && isSpace(list.charCodeAt(start))) start++;
  while (end > start && isSpace(list.charCodeAt(end - 1))) end--;
  return end - start === lower.length && isSameToken(list.substring(start, end), lower);
}
