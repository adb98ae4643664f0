/** `log_format`: cut into texts and variables when read, compiled to one writer of lines at load. */
import { type Directive, fail, type Place } from '../config/directive.ts';
import type { HttpLoad } from '../http/load.ts';
import type { HttpRequest } from '../http/request.ts';
import type { Getter } from '../http/script.ts';
import { escapeJsonValue, escapeLogValue, type LogEscape } from '../log/escape.ts';

/** A format as read: `texts[0] $names[0] texts[1] $names[1] ... texts[n]`. */
export interface LogFormat {
  readonly name: string;
  readonly escaping: LogEscape;
  readonly texts: readonly string[];
  readonly names: readonly string[];
}

/** Makes the line for a request, its line feed included. */
export type LineWriter = (r: HttpRequest) => string;

const PLAIN = /\$()([A-Za-z0-9_]*)/y;
const BRACED = /\$(\{)([A-Za-z0-9_]*)(\}?)/y;

const COMBINED_TEXT =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent ' +
  '"$http_referer" "$http_user_agent"';

/** The format that nginx defines by itself. */
export const COMBINED: LogFormat = {
  name: 'combined',
  escaping: 'default',
  ...cut([COMBINED_TEXT], { file: 'log_format combined', line: 0 }),
};

/** Reads `log_format name [escape=default|json|none] text ...` (ngx_http_log_set_format). */
export function readLogFormat(directive: Directive): LogFormat {
  const [name = '', ...texts] = directive.args;
  const escaping = texts[0]?.startsWith('escape=') === true ? texts.shift()!.slice(7) : 'default';
  if (escaping !== 'default' && escaping !== 'json' && escaping !== 'none') {
    fail(directive, `unknown log format escaping "${escaping}"`);
  }
  return { name, escaping, ...cut(texts, directive) };
}

/** ngx_http_log_compile_format: no captures here, `$1` would be a variable named so. */
function cut(words: readonly string[], at: Place): Pick<LogFormat, 'texts' | 'names'> {
  const texts = [''];
  const names: string[] = [];
  for (const word of words) {
    let from = 0;
    for (;;) {
      const dollar = word.indexOf('$', from);
      texts[texts.length - 1] += word.slice(from, dollar === -1 ? word.length : dollar);
      if (dollar === -1) break;
      const [whole, brace, name = '', end] = reference(word, dollar);
      if (brace === '{' && end !== '}') {
        fail(at, `the closing bracket in "${name}" variable is missing`);
      }
      if (name === '') fail(at, `invalid parameter "${word.slice(dollar)}"`);
      names.push(name.toLowerCase());
      texts.push('');
      from = dollar + whole!.length;
    }
  }
  return { texts, names };
}

/** The whole reference, its opening brace, its name and its closing brace. */
function reference(word: string, dollar: number): RegExpExecArray {
  const pattern = word[dollar + 1] === '{' ? BRACED : PLAIN;
  pattern.lastIndex = dollar;
  return pattern.exec(word)!;
}

/** Variables whose values never hold anything to escape. */
const PLAIN_VALUES: ReadonlySet<string> = new Set([
  'body_bytes_sent',
  'bytes_sent',
  'connection',
  'connection_requests',
  'msec',
  'pid',
  'pipe',
  'remote_addr',
  'remote_port',
  'request_id',
  'request_length',
  'request_time',
  'scheme',
  'server_port',
  'server_protocol',
  'status',
  'time_iso8601',
  'time_local',
]);

/** Throws `unknown "x" variable`, which nginx reports without a place. */
export function compileLogFormat(format: LogFormat, http: HttpLoad): LineWriter {
  const getters = format.names.map((name) => shownGetter(name, format.escaping, http));
  const texts = [...format.texts];
  texts[texts.length - 1] += '\n';
  const first = texts[0]!;
  return (r) => {
    let line = first;
    for (let i = 0; i < getters.length; i++) line += getters[i]!(r) + texts[i + 1]!;
    return line;
  };
}

type ShownGetter = (r: HttpRequest) => string;

/** A variable as the line shows it: escaped, and `-` for no value (empty where escaped otherwise). */
function shownGetter(name: string, escaping: LogEscape, http: HttpLoad): ShownGetter {
  const get: Getter = http.getter(name);
  if (escaping === 'none') return (r) => get(r) ?? '';
  if (escaping === 'json') return (r) => escapeJsonValue(get(r) ?? '');
  if (PLAIN_VALUES.has(name)) return (r) => get(r) ?? '-';
  return (r) => {
    const value = get(r);
    return value === undefined ? '-' : escapeLogValue(value);
  };
}
