/** Reads `error_page CODE... [=[CODE]] TARGET`: nginx's ngx_http_core_error_page. */
import { type Directive, fail } from '../config/directive.ts';
import { parseNumber } from '../config/units.ts';
import { parseValue } from '../config/values.ts';
import type { CoreConf, ErrorPage } from './core-conf.ts';

/** Adds the pages of one line. Throws ConfigError with nginx's words. */
export function addErrorPages(own: Partial<CoreConf>, directive: Directive): void {
  const words = [...directive.args];
  const target = words.pop()!;
  const overwrite = takeOverwrite(words, directive);
  parseValue(target, directive);
  const pages = words.map((word): ErrorPage => {
    const status = readStatus(word, directive);
    return { status, overwrite, target };
  });
  Object.assign(own, { error_page: [...(own.error_page ?? []), ...pages] });
}

function readStatus(word: string, directive: Directive): number {
  const status = parseNumber(word);
  if (status === undefined || status === 499) fail(directive, `invalid value "${word}"`);
  if (status < 300 || status > 599) {
    fail(directive, `value "${word}" must be between 300 and 599`);
  }
  return status;
}

/** The `=` or `=code` before the target; takes it off the list. */
function takeOverwrite(words: string[], directive: Directive): number {
  const last = words.at(-1);
  if (last === undefined || !last.startsWith('=')) return -1;
  if (words.length === 1) fail(directive, `invalid value "${last}"`);
  words.pop();
  if (last === '=') return 0;
  return parseNumber(last.slice(1)) ?? fail(directive, `invalid value "${last}"`);
}
