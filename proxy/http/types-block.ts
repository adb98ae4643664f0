/** Reads a `types` block: nginx's ngx_http_core_type. */
import { type Directive, type EntryReader, fail, type Scope } from '../config/directive.ts';
import type { CoreConf } from './core-conf.ts';

/**
 * Opens the block; several blocks at one level add to each other. An `include` of one file never
 * comes here: the reader of files takes it.
 */
export function openTypes(
  own: Partial<CoreConf>,
  _directive: Directive,
  scope: Scope,
): EntryReader {
  const types = new Map<string, string>(own.types);
  Object.assign(own, { types });
  return {
    entry(words: Directive) {
      if (words.name === 'include') {
        fail(words, 'invalid number of arguments in "include" directive');
      }
      for (const word of words.args) addType(types, word.toLowerCase(), words, scope);
    },
  };
}

/** The newer type of an extension wins, with nginx's warning. */
function addType(types: Map<string, string>, extension: string, words: Directive, scope: Scope) {
  const before = types.get(extension);
  if (before !== undefined) {
    scope.load.warn(
      `duplicate extension "${extension}", content type: "${words.name}", previous content type: "${before}"`,
      words,
    );
  }
  types.set(extension, words.name);
}
