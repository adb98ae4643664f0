/**
 * Whether a reply may be compressed for this request, whoever compresses it: nginx's
 * `ngx_http_gzip_ok`, with the directives it reads.
 */
import { acceptsCoding } from '../../wire/accept-encoding.ts';
import { parseHttpDate } from '../../wire/date.ts';
import { type Directive, type DirectiveRow, HTTP, LOCATION, SERVER } from '../config/directive.ts';
import { anyOf, assign, flag, oneOf } from '../config/readers.ts';
import { compileRegex, type Regex } from '../config/regex.ts';
import { lineValue } from '../http/reply-lines.ts';
import type { HttpRequest } from '../http/request.ts';

export interface GzipConditions {
  readonly gzip_vary: boolean;
  /** Lowest version: 10 or 11. */
  readonly gzip_http_version: number;
  /** Bits of PROXIED. */
  readonly gzip_proxied: number;
  /** User agents that get nothing compressed. */
  readonly gzip_disable: readonly Regex[];
}

/** Bits of `gzip_proxied`. */
const PROXIED = {
  off: 1,
  expired: 2,
  'no-cache': 4,
  'no-store': 8,
  private: 16,
  no_last_modified: 32,
  no_etag: 64,
  auth: 128,
  any: 256,
} as const;

export const GZIP_CONDITION_DEFAULTS: GzipConditions = {
  gzip_vary: false,
  gzip_http_version: 11,
  gzip_proxied: PROXIED.off,
  gzip_disable: [],
};

const PLACES = HTTP | SERVER | LOCATION;

export const gzipConditionRows: readonly DirectiveRow<GzipConditions>[] = [
  { name: 'gzip_vary', in: PLACES, args: 'flag', set: assign(flag) },
  {
    name: 'gzip_http_version',
    in: PLACES,
    args: [1, 1],
    set: assign(oneOf({ '1.0': 10, '1.1': 11 })),
  },
  { name: 'gzip_proxied', in: PLACES, args: [1, Number.POSITIVE_INFINITY], set: anyOf(PROXIED) },
  { name: 'gzip_disable', in: PLACES, args: [1, Number.POSITIVE_INFINITY], set: addDisabled },
];

/** Internet Explorer 4 to 6 before its service pack, which nginx calls `msie6`. */
const MSIE6 = 'MSIE [4-6]\\.(?!.*SV1)';

function addDisabled(own: Partial<GzipConditions>, directive: Directive): void {
  const regexes = directive.args.map((word) =>
    compileRegex(word === 'msie6' ? MSIE6 : word, true, directive),
  );
  Object.assign(own, { gzip_disable: [...(own.gzip_disable ?? []), ...regexes] });
}

/** nginx `ngx_http_gzip_ok`. */
export function mayCompress(r: HttpRequest, conf: GzipConditions): boolean {
  const { head } = r;
  if (!acceptsCoding(head.acceptEncoding, 'gzip')) return false;
  if (conf.gzip_disable.length !== 0 && isDisabled(head.userAgent, conf.gzip_disable)) return false;
  if (head.version < conf.gzip_http_version) return false;
  return head.via === undefined || mayCompressProxied(r, conf.gzip_proxied);
}

function isDisabled(userAgent: string | undefined, regexes: readonly Regex[]): boolean {
  if (userAgent === undefined) return false;
  return regexes.some((regex) => userAgent.length <= regex.subjectLimit && regex.test(userAgent));
}

/** The request came through a proxy (it has Via): what the reply must say to be compressed. */
function mayCompressProxied(r: HttpRequest, allowed: number): boolean {
  if ((allowed & PROXIED.off) !== 0) return false;
  if ((allowed & PROXIED.any) !== 0) return true;
  if (r.head.authorization !== undefined && (allowed & PROXIED.auth) !== 0) return true;
  const expires = lineValue(r.extraLines, 'expires');
  if (expires !== undefined) {
    if ((allowed & PROXIED.expired) === 0) return false;
    const at = parseHttpDate(expires);
    return at !== -1 && at < r.thread.clock.now / 1000;
  }
  const control = lineValue(r.extraLines, 'cache-control');
  if (control !== undefined) return mayCompressControlled(control, allowed);
  // nginx looks at fields that an upstream sent: a file's own date is not one of them.
  const hasDate = r.upstream !== undefined && r.lastModifiedText !== '';
  if (hasDate && (allowed & PROXIED.no_last_modified) !== 0) return false;
  return r.etag === '' || (allowed & PROXIED.no_etag) === 0;
}

function mayCompressControlled(control: string, allowed: number): boolean {
  for (const part of control.toLowerCase().split(',')) {
    const word = part.trim();
    if (word !== 'no-cache' && word !== 'no-store' && word !== 'private') continue;
    if ((allowed & PROXIED[word]) !== 0) return true;
  }
  return false;
}
