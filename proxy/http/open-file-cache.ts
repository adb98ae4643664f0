/** Reads `open_file_cache`: nginx's ngx_http_core_open_file_cache. */
import { type Directive, fail } from '../config/directive.ts';
import { failIfSet } from '../config/readers.ts';
import { parseNumber, parseSeconds } from '../config/units.ts';
import type { CoreConf, OpenFileCache } from './core-conf.ts';

/** nginx forgets a file that nobody asked for in this time, unless `inactive=` says otherwise. */
const DEFAULT_INACTIVE_MS = 60_000;

/** Sets it; null where it is off. Throws ConfigError with nginx's words. */
export function setOpenFileCache(own: Partial<CoreConf>, directive: Directive): void {
  failIfSet(own, directive);
  Object.assign(own, { open_file_cache: readCache(directive) });
}

function readCache(directive: Directive): OpenFileCache | null {
  let max = 0;
  let inactiveMs = DEFAULT_INACTIVE_MS;
  let isOff = false;
  for (const word of directive.args) {
    if (word === 'off') isOff = true;
    else if (word.startsWith('max=')) {
      max = parseNumber(word.slice('max='.length)) || badParameter(word, directive);
    } else if (word.startsWith('inactive=')) {
      const value = parseSeconds(word.slice('inactive='.length));
      inactiveMs = (value ?? badParameter(word, directive)) * 1000;
    } else badParameter(word, directive);
  }
  if (isOff) return null;
  if (max === 0) fail(directive, '"open_file_cache" must have the "max" parameter');
  return { max, inactiveMs };
}

function badParameter(word: string, directive: Directive): never {
  fail(directive, `invalid "open_file_cache" parameter "${word}"`);
}
