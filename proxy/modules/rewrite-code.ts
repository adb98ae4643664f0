/**
 * What rewrite directives become: a list of codes that run in the order of the file until one ends
 * the list. See nginx `ngx_http_rewrite_handler`.
 */
import { escapeArgs } from '../../wire/escape.ts';
import { hadEscapeOrPlus } from '../../wire/sent-path.ts';
import type { Directive } from '../config/directive.ts';
import { parseValue } from '../config/values.ts';
import type { CompileSite } from '../http/module.ts';
import type { Verdict } from '../http/phases.ts';
import type { HttpRequest } from '../http/request.ts';
import type { Getter } from '../http/script.ts';

/** A code's answer where the next code runs; any other answer ends the list with that verdict. */
export const CONTINUE = -100;

/** One directive at work. `isTraced` says that `rewrite_log` is on. */
export type Code = (r: HttpRequest, isTraced: boolean) => Verdict;

/** Makes the code when the location is compiled and all variables are known. */
export type CompileCode = (site: CompileSite) => Code;

/** Runs codes; CONTINUE where none of them ended the list. */
export function runCodes(codes: readonly Code[], r: HttpRequest, isTraced: boolean): Verdict {
  for (let i = 0; i < codes.length; i++) {
    const verdict = codes[i]!(r, isTraced);
    if (verdict !== CONTINUE) return verdict;
  }
  return CONTINUE;
}

/** Says while the file is read what is wrong with the variables of a word. */
export function checkWord(word: string, directive: Directive): string {
  parseValue(word, directive);
  return word;
}

/**
 * The n-th capture as `set` and `if` take it up: escaped where the path came escaped, until a
 * `rewrite` of the list has matched (ngx_http_script_copy_capture_code).
 */
export function escapedCapture(n: number): Getter {
  return (r) => (r.escapesCaptures ? captureForArgs(r, n) : r.captures?.[n]);
}

/** The n-th capture where it goes into arguments or a redirect: escaped if the path came escaped. */
export function captureForArgs(r: HttpRequest, n: number): string | undefined {
  const text = r.captures?.[n];
  return text !== undefined && hadEscapeOrPlus(r.head.target) ? escapeArgs(text) : text;
}
