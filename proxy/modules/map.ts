/** Variables whose value depends on another one: nginx's ngx_http_map_module. */
import { type Directive, type EntryReader, fail, HTTP, type Scope } from '../config/directive.ts';
import { parseValue, variableName } from '../config/values.ts';
import { type HttpLoad, httpLoadOf } from '../http/load.ts';
import { compileMatcher } from '../http/matcher.ts';
import { defineModule } from '../http/module.ts';
import type { HttpRequest } from '../http/request.ts';
import { constantValue, type Value } from '../http/script.ts';
import { lowerCase, MapTable } from './map-table.ts';

/** The value beside a key: as written, and compiled when all variables are known. */
interface Entry {
  readonly word: string;
  readonly at: Directive;
  value: Value;
}

/** One `map` block. */
interface Mapping {
  readonly source: string;
  readonly directive: Directive;
  readonly table: MapTable<Entry>;
  readonly entries: Entry[];
  fallback: Entry | undefined;
  sourceValue: Value;
}

const EMPTY = constantValue('');

export const map = defineModule({
  name: 'http_map',
  directives: [{ name: 'map', in: HTTP, args: [2, 2], open: openMap }],
  defaults: {},
  prepare(http) {
    for (const mapping of mappingsOf(http)) {
      mapping.sourceValue = http.value(mapping.source, mapping.directive);
      for (const entry of mapping.entries) entry.value = http.value(entry.word, entry.at);
    }
  },
});

function mappingsOf(http: HttpLoad): Mapping[] {
  return http.state<Mapping[]>(map, () => []);
}

/** ngx_http_map_block. */
function openMap(_own: object, directive: Directive, scope: Scope): EntryReader {
  const [source = '', target = ''] = directive.args;
  parseValue(source, directive);
  const name = variableName(target, directive);
  const http = httpLoadOf(scope);
  const mapping: Mapping = {
    source,
    directive,
    table: new MapTable(),
    entries: [],
    fallback: undefined,
    sourceValue: EMPTY,
  };
  mappingsOf(http).push(mapping);
  const define = (isVolatile: boolean): void => {
    http.variables.defineComputed(name, directive, (r) => lookUp(r, mapping), isVolatile);
  };
  define(false);
  return {
    entry(words) {
      if (words.args.length > 0) addEntry(mapping, words, http);
      else if (words.name === 'hostnames') mapping.table.hasHostnames = true;
      else if (words.name === 'volatile') define(true);
      else fail(words, 'invalid number of the map parameters');
    },
  };
}

/** ngx_http_map. */
function addEntry(mapping: Mapping, words: Directive, http: HttpLoad): void {
  const { name: key } = words;
  const [word = ''] = words.args;
  if (words.args.length !== 1) fail(words, 'invalid number of the map parameters');
  parseValue(word, words);
  const entry: Entry = { word, at: words, value: EMPTY };
  mapping.entries.push(entry);
  if (key === 'default') {
    if (mapping.fallback !== undefined) fail(words, 'duplicate default map parameter');
    mapping.fallback = entry;
    return;
  }
  if (key.startsWith('~')) {
    const isCaseless = key.startsWith('~*');
    const pattern = key.slice(isCaseless ? 2 : 1);
    mapping.table.addExpression(compileMatcher(pattern, isCaseless, http, words), entry);
    return;
  }
  // A backslash lets a key begin with what has a meaning: "\default", "\~".
  const plain = key.startsWith('\\') ? key.slice(1) : key;
  const problem = mapping.table.add(plain, entry);
  if (problem === 'conflict') fail(words, `conflicting parameter "${lowerCase(plain)}"`);
  if (problem === 'bad-host') fail(words, `invalid hostname or wildcard "${plain}"`);
}

/** ngx_http_map_variable: without an entry and a default the value is empty. */
function lookUp(r: HttpRequest, mapping: Mapping): string {
  const entry = mapping.table.find(r, mapping.sourceValue.evaluate(r)) ?? mapping.fallback;
  return entry === undefined ? '' : entry.value.evaluate(r);
}
