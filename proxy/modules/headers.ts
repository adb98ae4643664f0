/** `add_header`, `add_trailer` and `expires`: nginx's ngx_http_headers_filter_module. */
import { imfFixdate, parseHttpDate } from '../../wire/date.ts';
import {
  type Directive,
  fail,
  failDirective,
  HTTP,
  LOCATION,
  LOCATION_IF,
  SERVER,
} from '../config/directive.ts';
import { assign, failIfSet, oneOf } from '../config/readers.ts';
import { inherit } from '../config/scope.ts';
import { parseSeconds } from '../config/units.ts';
import { parseValue } from '../config/values.ts';
import { BodyFilter } from '../http/body-filter.ts';
import { type CompileSite, defineModule } from '../http/module.ts';
import { type HeaderFilter, OK } from '../http/phases.ts';
import { dropLines } from '../http/reply-lines.ts';
import type { HttpRequest } from '../http/request.ts';
import type { Value } from '../http/script.ts';

interface AddedField {
  readonly name: string;
  readonly value: string;
  readonly isAlways: boolean;
}

/** When a reply expires; `value` holds a variable that says so per request. */
type Expires =
  | { readonly kind: 'off' | 'epoch' | 'max' }
  | { readonly kind: 'access' | 'modified' | 'daily'; readonly seconds: number }
  | { readonly kind: 'variable'; readonly word: string; readonly isModified: boolean };

/** What a level does with the fields of the level around it. */
type Inheritance = 'on' | 'off' | 'merge';

interface HeadersConf {
  readonly add_header: readonly AddedField[];
  readonly add_trailer: readonly AddedField[];
  readonly add_header_inherit: Inheritance;
  readonly add_trailer_inherit: Inheritance;
  readonly expires: Expires;
}

const inheritance = oneOf<Inheritance>({ on: 'on', off: 'off', merge: 'merge' });
const PLACES = HTTP | SERVER | LOCATION | LOCATION_IF;

export const headers = defineModule<HeadersConf>({
  name: 'http_headers_filter',
  directives: [
    { name: 'add_header', in: PLACES, args: [2, 3], set: addField('add_header') },
    { name: 'add_trailer', in: PLACES, args: [2, 3], set: addField('add_trailer') },
    { name: 'add_header_inherit', in: PLACES, args: [1, 1], set: assign(inheritance) },
    { name: 'add_trailer_inherit', in: PLACES, args: [1, 1], set: assign(inheritance) },
    { name: 'expires', in: PLACES, args: [1, 2], set: setExpires },
  ],
  defaults: {
    add_header: [],
    add_trailer: [],
    add_header_inherit: 'on',
    add_trailer_inherit: 'on',
    expires: { kind: 'off' },
  },
  merge: (own, outer) => {
    const conf = inherit(own, outer);
    return {
      ...conf,
      add_header: fieldsOf(own.add_header, outer.add_header, conf.add_header_inherit),
      add_trailer: fieldsOf(own.add_trailer, outer.add_trailer, conf.add_trailer_inherit),
    };
  },
  headerFilter: makeFilter,
});

function fieldsOf(
  own: readonly AddedField[] | undefined,
  outer: readonly AddedField[],
  how: Inheritance,
): readonly AddedField[] {
  if (how === 'merge') return [...(own ?? []), ...outer];
  return own ?? (how === 'on' ? outer : []);
}

function addField(
  key: 'add_header' | 'add_trailer',
): (own: Partial<HeadersConf>, directive: Directive) => void {
  return (own, directive) => {
    const [name = '', value = '', always] = directive.args;
    if (always !== undefined && always !== 'always') {
      fail(directive, `invalid parameter "${always}"`);
    }
    parseValue(value, directive);
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) {
      fail(directive, `invalid field name "${name}" in "${key}" directive`);
    }
    const field = { name, value, isAlways: always !== undefined };
    Object.assign(own, { [key]: [...(own[key] ?? []), field] });
  };
}

function setExpires(own: Partial<HeadersConf>, directive: Directive): void {
  failIfSet(own, directive);
  const [first = '', second] = directive.args;
  const isModified = second !== undefined;
  if (isModified && first !== 'modified') failDirective(directive, 'invalid value');
  const word = second ?? first;
  if (word.includes('$')) {
    parseValue(word, directive);
    Object.assign(own, { expires: { kind: 'variable', word, isModified } });
    return;
  }
  const expires = readExpires(word, isModified);
  if (typeof expires === 'string') failDirective(directive, expires);
  Object.assign(own, { expires });
}

/** nginx `ngx_http_parse_expires`; a text says why the word is no time. */
function readExpires(word: string, isModified: boolean): Expires | string {
  if (!isModified && (word === 'off' || word === 'epoch' || word === 'max')) return { kind: word };
  const isDaily = word.startsWith('@');
  if (isDaily && isModified) return 'daily time cannot be used with "modified" parameter';
  const seconds = parseSeconds(/^[@+-]/.test(word) ? word.slice(1) : word);
  if (seconds === undefined) return 'invalid value';
  if (!isDaily) {
    const signed = word.startsWith('-') ? -seconds : seconds;
    return { kind: isModified ? 'modified' : 'access', seconds: signed };
  }
  if (seconds > DAY) return 'daily time value must be less than 24 hours';
  return { kind: 'daily', seconds };
}

const DAY = 86_400;

/** Statuses that fields are added to where `always` is not said. */
const SUCCESSES = new Set([200, 201, 204, 206, 301, 302, 303, 304, 307, 308]);

function makeFilter(conf: HeadersConf, site: CompileSite): HeaderFilter | undefined {
  const { expires, add_header, add_trailer } = conf;
  if (add_header.length + add_trailer.length === 0 && expires.kind === 'off') return undefined;
  const add = makeAdder(add_header, site);
  const trailers = add_trailer.map((field) => compileField(field, site));
  const expire = makeExpirer(expires, site);
  return (r) => {
    const isSuccess = SUCCESSES.has(r.status);
    if (isSuccess) expire?.(r);
    add(r, isSuccess);
    if (trailers.length > 0 && !r.isHead) announceTrailers(r, trailers, isSuccess);
    return OK;
  };
}

function announceTrailers(r: HttpRequest, all: readonly CompiledField[], isSuccess: boolean): void {
  const due = isSuccess ? all : all.filter(({ isAlways }) => isAlways);
  if (due.length === 0) return;
  r.expectsTrailers = true;
  r.addBodyFilter(new TrailerFilter(r, due));
}

/** Adds its trailers once the content is complete, which is when their variables are read. */
class TrailerFilter extends BodyFilter {
  override readonly passesContent = true;
  private readonly fields: readonly CompiledField[];

  constructor(r: HttpRequest, fields: readonly CompiledField[]) {
    super(r);
    this.fields = fields;
  }

  override end(chunk?: Uint8Array | string, trailers?: string): void {
    let lines = trailers ?? '';
    for (const { name, value } of this.fields) lines += line(name, value.evaluate(this.r));
    this.next.end(chunk, lines === '' ? undefined : lines);
  }
}

interface CompiledField {
  readonly name: string;
  readonly value: Value;
  readonly isAlways: boolean;
}

function compileField({ name, value, isAlways }: AddedField, site: CompileSite): CompiledField {
  return { name, value: site.value(value), isAlways };
}

/** Constant fields become one text, made once; a field with a variable is made per reply. */
function makeAdder(
  fields: readonly AddedField[],
  site: CompileSite,
): (r: HttpRequest, isSuccess: boolean) => void {
  const compiled = fields.map((field) => compileField(field, site));
  if (compiled.every(isPlain)) {
    const all = compiled.map(plainLine).join('');
    const always = compiled
      .filter(({ isAlways }) => isAlways)
      .map(plainLine)
      .join('');
    return (r, isSuccess) => {
      r.extraLines += isSuccess ? all : always;
    };
  }
  return (r, isSuccess) => {
    for (const field of compiled) if (isSuccess || field.isAlways) addOne(r, field);
  };
}

function isPlain({ name, value }: CompiledField): boolean {
  return value.constant !== undefined && !/^(last-modified|etag)$/i.test(name);
}

function plainLine({ name, value }: CompiledField): string {
  return line(name, value.constant ?? '');
}

/** nginx does not add a field whose value is empty. */
function line(name: string, value: string): string {
  return value === '' ? '' : `${name}: ${value.replace(/[\r\n\0]/g, ' ')}\r\n`;
}

function addOne(r: HttpRequest, { name, value }: CompiledField): void {
  const text = value.evaluate(r);
  switch (name.toLowerCase()) {
    case 'last-modified':
      // Such a field of a file is dropped from other replies, one that was asked for is not.
      if (r.status !== 200 && r.status !== 304) {
        r.extraLines += line(name, text);
        // It takes the place of an upstream's own.
        r.lastModifiedText = '';
        r.lastModified = -1;
        return;
      }
      r.lastModifiedText = text;
      r.lastModified = text === '' ? -1 : parseHttpDate(text);
      return;
    case 'etag':
      r.etag = text;
      return;
    default:
      r.extraLines += line(name, text);
  }
}

function makeExpirer(expires: Expires, site: CompileSite): ((r: HttpRequest) => void) | undefined {
  if (expires.kind === 'off') return undefined;
  if (expires.kind !== 'variable') return (r) => expireAs(r, expires, true);
  const value = site.value(expires.word);
  const { isModified } = expires;
  return (r) => {
    const read = readExpires(value.evaluate(r), isModified);
    if (typeof read !== 'string' && read.kind !== 'off') expireAs(r, read, false);
  };
}

/** nginx `ngx_http_set_expires`: replaces what an upstream said. */
function expireAs(r: HttpRequest, expires: Expires, isConstant: boolean): void {
  r.extraLines = dropLines(r.extraLines, ['expires', 'cache-control']);
  if (expires.kind === 'epoch') {
    r.extraLines += 'Expires: Thu, 01 Jan 1970 00:00:01 GMT\r\nCache-Control: no-cache\r\n';
    return;
  }
  if (expires.kind === 'max') {
    r.extraLines +=
      'Expires: Thu, 31 Dec 2037 23:55:55 GMT\r\nCache-Control: max-age=315360000\r\n';
    return;
  }
  if (!('seconds' in expires)) return;
  const { kind, seconds } = expires;
  const now = Math.floor(r.thread.clock.now / 1000);
  const at = seconds === 0 && kind !== 'daily' ? now : expiresAt(r, kind, seconds, now);
  const age = at - now;
  // A negative constant says no-cache, whatever it is counted from.
  const isNever = age < 0 || (isConstant && seconds < 0);
  const control = isNever ? 'no-cache' : `max-age=${age}`;
  r.extraLines += `Expires: ${imfFixdate(at)}\r\nCache-Control: ${control}\r\n`;
}

/** When the content was modified: of an upstream's reply only the text of the field is at hand. */
function modifiedAt(r: HttpRequest): number {
  if (r.lastModified !== -1 || r.lastModifiedText === '') return r.lastModified;
  return parseHttpDate(r.lastModifiedText);
}

function expiresAt(r: HttpRequest, kind: string, seconds: number, now: number): number {
  if (kind === 'modified') {
    const modified = modifiedAt(r);
    if (modified !== -1) return modified + seconds;
  }
  if (kind !== 'daily') return now + seconds;
  const midnight = new Date(now * 1000).setHours(0, 0, 0, 0) / 1000;
  const today = midnight + seconds;
  return today > now ? today : today + DAY;
}
