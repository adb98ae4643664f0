/** Reads `root` and `alias`: nginx's ngx_http_core_root. */
import { type Directive, fail, failDirective, type Scope } from '../config/directive.ts';
import { fullName, inPrefix } from '../config/paths.ts';
import { parseValue } from '../config/values.ts';
import { type CoreConf, WHOLE_URI } from './core-conf.ts';
import type { HttpRequest } from './request.ts';
import { constantValue, type Value } from './script.ts';
import { locationBlockOf } from './structure.ts';

/** Variables that are made of the root itself. */
const CIRCULAR = ['document_root', 'realpath_root'];

/** Sets one of the two; they replace each other at a level. Throws ConfigError with nginx's words. */
export function setRoot(own: Partial<CoreConf>, directive: Directive, scope: Scope): void {
  const isAlias = directive.name === 'alias';
  if (own.root !== undefined || own.alias !== undefined) {
    const before = own.alias !== undefined ? 'alias' : 'root';
    if (before === directive.name) failDirective(directive, 'is duplicate');
    failDirective(directive, `is duplicate, "${before}" directive was specified earlier`);
  }
  const block = locationBlockOf(scope);
  if (isAlias && block?.kind === 'named') {
    fail(directive, 'the "alias" directive cannot be used inside the named location');
  }
  const word = directive.args[0]!;
  checkVariables(word, directive);
  // A path that begins with a variable may turn out absolute: it is completed per request.
  const path = word.startsWith('$') ? word : inPrefix(scope.load, word);
  if (isAlias) {
    const length = block?.kind === 'regex' ? WHOLE_URI : (block?.name.length ?? 0);
    Object.assign(own, { alias: { path, length } });
  } else Object.assign(own, { root: path.endsWith('/') ? path.slice(0, -1) : path });
}

function checkVariables(word: string, directive: Directive): void {
  for (const name of CIRCULAR) {
    if (!word.includes(`$${name}`) && !word.includes(`\${${name}}`)) continue;
    fail(directive, `the $${name} variable cannot be used in the "${directive.name}" directive`);
  }
  parseValue(word, directive);
}

/** The folder as a request meets it: a relative result stands against the working prefix. */
export function rootValue(value: Value, prefix: string): Value {
  if (value.constant !== undefined) return constantValue(fullName(prefix, value.constant));
  return {
    constant: undefined,
    evaluate: (r: HttpRequest) => fullName(prefix, value.evaluate(r)),
  };
}
