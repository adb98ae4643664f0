/** Reads `location MODIFIER NAME {`: nginx's ngx_http_core_location. */
import { type Directive, fail, LOCATION, type Scope } from '../config/directive.ts';
import { innerScope } from '../config/scope.ts';
import { httpLoadOf } from './load.ts';
import type { LocationKind } from './location.ts';
import { compileMatcher } from './matcher.ts';
import { addLocation, type LocationBlock, locationBlockOf, structureOf } from './structure.ts';

const MODIFIERS: Readonly<Record<string, [kind: LocationKind, isCaseless: boolean]>> = {
  '=': ['exact', false],
  '^~': ['no-regex', false],
  '~': ['regex', false],
  '~*': ['regex', true],
};

/** Opens the block. Throws ConfigError for a modifier, a place or a name that nginx refuses. */
export function openLocation(_own: object, directive: Directive, outer: Scope): Scope {
  const [kind, name, isCaseless] = readName(directive);
  checkNesting(kind, name, directive, outer);
  if (kind !== 'regex' && kind !== 'named') checkDuplicate(kind, name, directive, outer);
  const scope = innerScope(LOCATION, outer);
  const matcher =
    kind === 'regex' ? compileMatcher(name, isCaseless, httpLoadOf(outer), directive) : undefined;
  addLocation(outer, { scope, kind, name, matcher, directive });
  return scope;
}

/** nginx takes the modifier as a word of its own or glued to the name: `=/x`, `~\.php$`. */
function readName(directive: Directive): [LocationKind, string, boolean] {
  const [first = '', second] = directive.args;
  if (second !== undefined) {
    const modifier = MODIFIERS[first];
    if (modifier === undefined) fail(directive, `invalid location modifier "${first}"`);
    return [modifier[0], second, modifier[1]];
  }
  for (const glued of ['^~', '~*', '=', '~']) {
    if (!first.startsWith(glued)) continue;
    const [kind, isCaseless] = MODIFIERS[glued]!;
    return [kind, first.slice(glued.length), isCaseless];
  }
  return [first.startsWith('@') ? 'named' : 'prefix', first, false];
}

function checkNesting(kind: LocationKind, name: string, directive: Directive, scope: Scope): void {
  const outer = locationBlockOf(scope);
  if (outer === undefined) return;
  if (outer.kind === 'exact') {
    fail(directive, `location "${name}" cannot be inside the exact location "${outer.name}"`);
  }
  if (outer.kind === 'named') {
    fail(directive, `location "${name}" cannot be inside the named location "${outer.name}"`);
  }
  if (kind === 'named') {
    fail(directive, `named location "${name}" can be on the server level only`);
  }
  // The text of a regular expression is compared too, as nginx does.
  if (kind !== 'regex' && !name.startsWith(outer.name)) {
    fail(directive, `location "${name}" is outside location "${outer.name}"`);
  }
}

/** nginx `ngx_http_join_exact_locations`: `=` and a prefix of the same name may stand together. */
function checkDuplicate(kind: LocationKind, name: string, directive: Directive, scope: Scope) {
  const isSame = (other: LocationBlock): boolean =>
    other.name === name &&
    other.kind !== 'regex' &&
    other.kind !== 'named' &&
    (other.kind === 'exact') === (kind === 'exact');
  if (structureOf(scope).locations?.some(isSame)) fail(directive, `duplicate location "${name}"`);
}
