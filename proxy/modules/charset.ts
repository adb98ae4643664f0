/**
 * `charset` and what belongs to it: names the character set of a reply. nginx's
 * ngx_http_charset_filter_module without its conversions: a set of another name than
 * `source_charset` needs a `charset_map`, which is refused.
 */
import {
  ConfigError,
  type Directive,
  HTTP,
  LOCATION,
  LOCATION_IF,
  type Load,
  ONE_OR_MORE,
  type Scope,
  SERVER,
} from '../config/directive.ts';
import { assign, flag, mediaTypes, word } from '../config/readers.ts';
import { hasVariables } from '../config/values.ts';
import { type CompileSite, defineModule } from '../http/module.ts';
import { type HeaderFilter, OK } from '../http/phases.ts';
import type { HttpRequest } from '../http/request.ts';
import { ERROR } from '../log/error-log.ts';

interface CharsetConf {
  /** A name, `$variable`, or OFF. */
  readonly charset: string;
  readonly source_charset: string;
  readonly override_charset: boolean;
  /** Media types in lower case; `*` is all. */
  readonly charset_types: ReadonlySet<string>;
}

const OFF = '';
const PLACES = HTTP | SERVER | LOCATION;

export const charset = defineModule<CharsetConf>({
  name: 'http_charset_filter',
  directives: [
    { name: 'charset', in: PLACES | LOCATION_IF, args: [1, 1], set: assign(nameOrOff) },
    { name: 'source_charset', in: PLACES | LOCATION_IF, args: [1, 1], set: assign(charsetName) },
    { name: 'override_charset', in: PLACES | LOCATION_IF, args: 'flag', set: assign(flag) },
    { name: 'charset_types', in: PLACES, args: ONE_OR_MORE, set: mediaTypes() },
  ],
  defaults: {
    charset: OFF,
    source_charset: OFF,
    override_charset: false,
    charset_types: new Set([
      'text/html',
      'text/xml',
      'text/plain',
      'text/vnd.wap.wml',
      'application/javascript',
      'application/rss+xml',
    ]),
  },
  headerFilter: makeFilter,
});

function nameOrOff(directive: Directive, scope: Scope): string {
  return word(directive) === 'off' ? OFF : charsetName(directive, scope);
}

/** nginx `ngx_http_add_charset`: names differ in any case, and the first spelling in the file holds. */
function charsetName(directive: Directive, scope: Scope): string {
  const name = word(directive);
  if (hasVariables(name)) return name;
  const known = spellings.get(scope.load) ?? new Map<string, string>();
  spellings.set(scope.load, known);
  const first = known.get(name.toLowerCase()) ?? name;
  known.set(name.toLowerCase(), first);
  return first;
}

const spellings = new WeakMap<Load, Map<string, string>>();

function makeFilter(conf: CharsetConf, site: CompileSite): HeaderFilter | undefined {
  const { charset: name, source_charset: source } = conf;
  if (name === OFF) return undefined;
  const isVariable = hasVariables(name) || hasVariables(source);
  if (source !== OFF && !isVariable && !isSame(name, source)) {
    throw new ConfigError(`no "charset_map" between the charsets "${source}" and "${name}"`);
  }
  const wanted = site.value(name);
  const from = site.value(source);
  return (r) => {
    if (mayName(r, conf)) give(r, wanted.evaluate(r), from.evaluate(r));
    return OK;
  };
}

/** nginx `ngx_http_destination_charset`. */
function mayName(r: HttpRequest, conf: CharsetConf): boolean {
  if (r.contentType === '') return false;
  if (ownCharset(r.contentType) !== '') return conf.override_charset;
  // An empty one (`charset=""`) is none, and in its place.
  if (r.contentType.includes(';') && OWN_CHARSET.test(r.contentType)) return false;
  const types = conf.charset_types;
  return types.has(r.contentType) || types.has('*') || types.has(r.contentType.toLowerCase());
}

/** nginx `ngx_http_charset_header_filter`: without a map only what is the same can be given. */
function give(r: HttpRequest, name: string, source: string): void {
  const own = ownCharset(r.contentType);
  const from = own === '' ? source : own;
  if (name === '') return;
  if (from !== '' && !isSame(from, name)) {
    r.log(ERROR, `no "charset_map" between the charsets "${from}" and "${name}"`);
    return;
  }
  // nginx ngx_http_set_charset: old browsers took it for that of the page behind the redirect.
  if (r.status === 301 || r.status === 302) return;
  const type = own === '' ? r.contentType : r.contentType.replace(OWN_CHARSET, '');
  r.contentType = `${type}; charset=${name.replace(/[\r\n\0]/g, ' ')}`;
}

/** nginx `ngx_http_upstream_copy_content_type`: to the end of the value, quotes taken off. */
const OWN_CHARSET = /; *charset="?(.*?)"?$/i;

function ownCharset(contentType: string): string {
  if (!contentType.includes(';')) return '';
  return OWN_CHARSET.exec(contentType)?.[1] ?? '';
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
