/** Compiles `access_log_format` once into parts that write a line. Gunicorn: glogging.py atoms. */
import { SettingError } from '../errors.ts';
import { clockOf, zoneOf } from './error-log.ts';

/** One request and its response, as the access log sees them. Both kinds of applications give one. */
export interface AccessRecord {
  readonly clientAddress: string;
  readonly method: string;
  readonly target: string;
  /** `HTTP/1.1`. */
  readonly protocol: string;
  readonly scheme: string;
  readonly status: number;
  /** Bytes of content sent. */
  readonly contentBytesSent: number;
  readonly durationMicroseconds: number;
  /** A request field by its lower-case name. */
  requestField(name: string): string | undefined;
  /** A response field by its lower-case name. */
  responseField(name: string): string | undefined;
}

/** Writes one line, its newline included. */
export type AccessFormat = (record: AccessRecord) => string;

type Atom = (record: AccessRecord) => string | number;

const ATOMS: Readonly<Record<string, Atom>> = {
  h: (r) => r.clientAddress || '-',
  l: () => '-',
  u: (r) => userOf(r.requestField('authorization')) ?? '-',
  t: () => commonLogDate(),
  r: (r) => `${r.method} ${r.target} ${r.protocol}`,
  s: (r) => r.status,
  m: (r) => r.method,
  U: (r) => pathOf(r.target),
  q: (r) => queryOf(r.target),
  H: (r) => r.protocol,
  b: (r) => r.contentBytesSent,
  B: (r) => r.contentBytesSent,
  f: (r) => r.requestField('referer') ?? '-',
  a: (r) => r.requestField('user-agent') ?? '-',
  T: (r) => Math.floor(r.durationMicroseconds / 1e6),
  M: (r) => Math.floor(r.durationMicroseconds / 1e3),
  D: (r) => r.durationMicroseconds,
  L: (r) => secondsOf(r.durationMicroseconds),
  p: () => `<${process.pid}>`,
};

const VARIABLES: Readonly<Record<string, Atom>> = {
  request_method: ATOMS['m']!,
  raw_uri: (r) => r.target,
  path_info: ATOMS['U']!,
  query_string: ATOMS['q']!,
  server_protocol: ATOMS['H']!,
  remote_addr: (r) => r.clientAddress,
  script_name: () => '',
  'wsgi.url_scheme': (r) => r.scheme,
  content_type: (r) => r.requestField('content-type') ?? '-',
  content_length: (r) => r.requestField('content-length') ?? '-',
};

/** Throws SettingError where the format is not one of Python's `%(name)s` kind. */
export function compileAccessFormat(format: string): AccessFormat {
  const parts: (string | Atom)[] = [];
  let position = 0;
  while (position < format.length) {
    const percent = format.indexOf('%', position);
    if (percent === -1) break;
    parts.push(format.slice(position, percent));
    const match = /^%(?:\(([^)]*)\)[sd]|%)/.exec(format.slice(percent));
    if (match === null) {
      throw new SettingError(
        `invalid access_log_format at "${format.slice(percent, percent + 8)}"`,
      );
    }
    parts.push(match[1] === undefined ? '%' : atomOf(match[1]));
    position = percent + match[0].length;
  }
  parts.push(`${format.slice(position)}\n`);
  return (record) => {
    let line = '';
    for (const part of parts) line += typeof part === 'string' ? part : escapeValue(part(record));
    return line;
  };
}

function atomOf(name: string): Atom {
  const field = /^\{(.*)\}([ioe])$/s.exec(name);
  if (field === null) return ATOMS[name] ?? (() => '-');
  const lower = field[1]!.toLowerCase();
  if (field[2] === 'i') return (r) => r.requestField(lower) ?? '-';
  if (field[2] === 'o') return (r) => r.responseField(lower) ?? '-';
  if (!lower.startsWith('http_')) return VARIABLES[lower] ?? (() => '-');
  const requestField = lower.slice('http_'.length).replaceAll('_', '-');
  return (r) => r.requestField(requestField) ?? '-';
}

const NEEDS_ESCAPE = /["\\\u0000-\u001f\u007f]/;

/**
 * Gunicorn escapes the quote alone, so a client that sends a backslash before one ends the string of
 * a JSON format; here a value can never do that.
 */
function escapeValue(value: string | number): string | number {
  if (typeof value === 'number' || !NEEDS_ESCAPE.test(value)) return value;
  return value.replace(/["\\]/g, '\\$&').replace(/[\u0000-\u001f\u007f]/g, (control) => {
    return `\\u00${control.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

function pathOf(target: string): string {
  const query = target.indexOf('?');
  const path = query === -1 ? target : target.slice(0, query);
  if (!path.includes('%')) return path;
  const octets = path.replace(/%([\da-fA-F]{2})/g, (_, hex) => {
    return String.fromCharCode(Number.parseInt(hex, 16));
  });
  return octets;
}

function queryOf(target: string): string {
  const query = target.indexOf('?');
  return query === -1 ? '' : target.slice(query + 1);
}

function secondsOf(microseconds: number): string {
  const rest = String(microseconds % 1e6).padStart(6, '0');
  return `${Math.floor(microseconds / 1e6)}.${rest}`;
}

function userOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined || !/^basic /i.test(authorization)) return undefined;
  const pair = Buffer.from(authorization.slice('basic '.length).trim(), 'base64').toString();
  const colon = pair.indexOf(':');
  return colon > 0 ? pair.slice(0, colon) : undefined;
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
let shownSecond = 0;
let shownDate = '';

function commonLogDate(): string {
  const now = Date.now();
  const second = Math.floor(now / 1000);
  if (second !== shownSecond) {
    shownSecond = second;
    const date = new Date(now);
    const day = String(date.getDate()).padStart(2, '0');
    const month = MONTHS[date.getMonth()];
    shownDate = `[${day}/${month}/${date.getFullYear()}:${clockOf(date)} ${zoneOf(date)}]`;
  }
  return shownDate;
}
