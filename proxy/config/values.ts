/**
 * Words with variables, cut into parts at load: `a$name${b}c$1`. Follows ngx_http_script_compile;
 * what a variable is worth is found per request, elsewhere.
 */

import { fail, type Place } from './directive.ts';

/** A run of text, a variable by name (lower case, as nginx looks it up), or a capture `$1`..`$9`. */
export type ValuePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'capture'; readonly number: number };

/** A word of configuration that may hold variables. */
export interface ParsedValue {
  /** The word as it stands in the file. */
  readonly source: string;
  readonly parts: readonly ValuePart[];
  /** The whole word where it holds no variable; no request is needed then. */
  readonly constant: string | undefined;
  /** The highest capture used, 0 where there is none. */
  readonly highestCapture: number;
}

/** Whether the word holds something to evaluate. */
export function hasVariables(word: string): boolean {
  return word.includes('$');
}

/** Cuts a word into parts. Throws nginx's errors at `at` for a `$` that names nothing. */
export function parseValue(word: string, at: Place): ParsedValue {
  if (!hasVariables(word)) {
    const parts: ValuePart[] = word === '' ? [] : [{ kind: 'text', text: word }];
    return { source: word, parts, constant: word, highestCapture: 0 };
  }
  const parts: ValuePart[] = [];
  let highestCapture = 0;
  let from = 0;
  for (;;) {
    const dollar = word.indexOf('$', from);
    const end = dollar === -1 ? word.length : dollar;
    if (end > from) parts.push({ kind: 'text', text: word.slice(from, end) });
    if (dollar === -1) break;
    const part = readReference(word, dollar + 1, at);
    parts.push(part.part);
    if (part.part.kind === 'capture') {
      highestCapture = Math.max(highestCapture, part.part.number);
    }
    from = part.end;
  }
  return { source: word, parts, constant: undefined, highestCapture };
}

/** Name after the `$` of a word that is a variable and nothing else, as `set` and `map` take it. */
export function variableName(word: string, at: Place): string {
  if (!word.startsWith('$') || word.length < 2) fail(at, `invalid variable name "${word}"`);
  return word.slice(1).toLowerCase();
}

interface Reference {
  readonly part: ValuePart;
  readonly end: number;
}

/** Reads what follows a `$`: a digit, a name, or a name in braces. */
function readReference(word: string, from: number, at: Place): Reference {
  const digit = /^[1-9]/.exec(word.slice(from, from + 1));
  if (digit !== null) {
    return { part: { kind: 'capture', number: Number(digit[0]) }, end: from + 1 };
  }
  const isBraced = word[from] === '{';
  NAME.lastIndex = isBraced ? from + 1 : from;
  if (NAME.lastIndex >= word.length) fail(at, 'invalid variable name');
  const name = NAME.exec(word)?.[0] ?? '';
  let end = (isBraced ? from + 1 : from) + name.length;
  if (isBraced) {
    if (word[end] !== '}') fail(at, `the closing bracket in "${name}" variable is missing`);
    end++;
  }
  if (name === '') fail(at, 'invalid variable name');
  return { part: { kind: 'variable', name: name.toLowerCase() }, end };
}

const NAME = /[A-Za-z0-9_]*/y;
