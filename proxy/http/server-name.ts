/** Reads `server_name`: nginx's ngx_http_core_server_name. */
import { hostname } from 'node:os';
import { type Directive, fail, type Scope } from '../config/directive.ts';
import { httpLoadOf } from './load.ts';
import { compileMatcher } from './matcher.ts';
import { structureOf } from './structure.ts';

/** Adds the names of one line. Throws ConfigError for a name that nginx refuses while reading. */
export function addServerNames(_own: object, directive: Directive, scope: Scope): void {
  const structure = structureOf(scope);
  structure.server_names ??= [];
  for (const word of directive.args) {
    checkForm(word, directive, scope);
    if (!word.startsWith('~')) {
      const name = word.toLowerCase() === '$hostname' ? hostname() : word;
      structure.server_names.push({ name: name.toLowerCase(), matcher: undefined, directive });
      continue;
    }
    if (word === '~') fail(directive, `empty regex in server name "${word}"`);
    // Hosts are in lower case; an expression may be written in capitals.
    const matcher = compileMatcher(word.slice(1), true, httpLoadOf(scope), directive);
    structure.server_names.push({ name: word, matcher, directive });
  }
}

function checkForm(word: string, directive: Directive, scope: Scope): void {
  const isBadStar = word.startsWith('*') && (word.length < 3 || word[1] !== '.');
  if (isBadStar || word === '.') fail(directive, `server name "${word}" is invalid`);
  if (word.includes('/')) {
    scope.load.warn(`server name "${word}" has suspicious symbols`, directive);
  }
}

/**
 * Whether a name may be looked up: at most one star, alone in the first or last label, and no empty
 * label. nginx asks only where several servers share an address (`ngx_hash_add_key`).
 */
export function isLookupName(name: string): boolean {
  if (name.includes('..') || name.includes('\0')) return false;
  const stars = name.split('*').length - 1;
  if (stars === 0) return true;
  return stars === 1 && name.length > 2 && (name.startsWith('*.') || name.endsWith('.*'));
}

/** What `$server_name` says of a name: without the dot that stands for two forms. */
export function shownServerName(name: string): string {
  return name.startsWith('.') ? name.slice(1) : name;
}
