/**
 * `ssl_*` in a file without a TLS listener, as Debian's own nginx.conf has them: nginx reads them and
 * nothing follows. Here nothing ever does, since `listen ... ssl` is refused. Their arguments are
 * judged as nginx judges them.
 */
import { type Directive, fail, HTTP, SERVER, type SimpleRow } from './directive.ts';
import {
  anyOf,
  append,
  assign,
  flag,
  integer,
  oneOf,
  type SetDirective,
  seconds,
  size,
  word,
  words,
} from './readers.ts';
import { parseNumber, parseSize } from './units.ts';

const REASON = 'it is about TLS listeners, and there is none: `listen ... ssl` is refused';

/** In lower case: `anyOf` takes any. */
const PROTOCOLS = {
  sslv2: 1,
  sslv3: 2,
  tlsv1: 4,
  'tlsv1.1': 8,
  'tlsv1.2': 16,
  'tlsv1.3': 32,
};

/** ngx_ssl_session_cache_init: a slab needs so many pages. */
const LEAST_CACHE_BYTES = 8 * 4096;

/** All of them, in the order of the alphabet. */
export const TLS_WORDS: readonly (SimpleRow<never> & { readonly reason: string })[] = [
  row('ssl_buffer_size', assign(size)),
  row('ssl_certificate', append(word)),
  row('ssl_certificate_cache', assign(words), [1, 3]),
  row('ssl_certificate_compression', assign(flag), 'flag'),
  row('ssl_certificate_key', append(word)),
  row('ssl_ciphers', assign(word)),
  row('ssl_client_certificate', assign(word)),
  row('ssl_conf_command', append(words), [2, 2]),
  row('ssl_crl', assign(word)),
  row('ssl_dhparam', assign(word)),
  row('ssl_early_data', assign(flag), 'flag'),
  row('ssl_ecdh_curve', assign(word)),
  row('ssl_ech_file', append(word)),
  row('ssl_key_log', assign(word)),
  row('ssl_ocsp', assign(oneOf({ off: 0, on: 1, leaf: 2 }))),
  row('ssl_ocsp_cache', assign(ocspCache)),
  row('ssl_ocsp_responder', assign(word)),
  row('ssl_password_file', assign(word)),
  row('ssl_prefer_server_ciphers', assign(flag), 'flag'),
  row('ssl_protocols', anyOf(PROTOCOLS), [1, Number.POSITIVE_INFINITY]),
  row('ssl_reject_handshake', assign(flag), 'flag'),
  row('ssl_session_cache', assign(sessionCache), [1, 2]),
  row('ssl_session_ticket_key', append(word)),
  row('ssl_session_tickets', assign(flag), 'flag'),
  row('ssl_session_timeout', assign(seconds)),
  row('ssl_stapling', assign(flag), 'flag'),
  row('ssl_stapling_file', assign(word)),
  row('ssl_stapling_responder', assign(word)),
  row('ssl_stapling_verify', assign(flag), 'flag'),
  row('ssl_trusted_certificate', assign(word)),
  row('ssl_verify_client', assign(oneOf({ off: 0, on: 1, optional: 2, optional_no_ca: 3 }))),
  row('ssl_verify_depth', assign(integer)),
];

function row(name: string, set: SetDirective, args: SimpleRow['args'] = [1, 1]) {
  return { name, in: HTTP | SERVER, args, set, reason: REASON };
}

/** `off`, `none`, `builtin[:sessions]`, `shared:name:size` (ngx_http_ssl_session_cache). */
function sessionCache(directive: Directive): readonly string[] {
  for (const way of directive.args) {
    if (way === 'off' || way === 'none' || way === 'builtin') continue;
    if (way.startsWith('builtin:') && parseNumber(way.slice('builtin:'.length))) continue;
    const problem = way.startsWith('shared:') ? sharedProblem(way) : INVALID_CACHE;
    if (problem !== '')
      fail(
        directive,
        problem.replace('%', () => way),
      );
  }
  return directive.args;
}

/** `off` or `shared:name:size` (ngx_http_ssl_ocsp_cache). */
function ocspCache(directive: Directive): string {
  const [way = ''] = directive.args;
  if (way === 'off') return way;
  const problem = way.startsWith('shared:') ? sharedProblem(way) : INVALID_CACHE;
  if (problem !== '')
    fail(
      directive,
      problem.replace('session', 'OCSP').replace('%', () => way),
    );
  return way;
}

const INVALID_CACHE = 'invalid session cache "%"';

function sharedProblem(way: string): string {
  const [, name = '', bytes = ''] = /^shared:([^:]*):(.*)$/.exec(way) ?? [];
  const value = parseSize(bytes);
  if (name === '' || value === undefined) return INVALID_CACHE;
  return value < LEAST_CACHE_BYTES ? 'session cache "%" is too small' : '';
}
