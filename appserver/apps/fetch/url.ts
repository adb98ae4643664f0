/** The absolute URL of a request, as the Fetch standard serialises it: a string, without a URL object. */
import { isOnePath, pathOf } from './one-path.ts';

const SAFE_PATH = /^\/[\w\-.~!$&()*+,;=:@/%]*(?:\?[\w\-.~!$&()*+,;=:@/%?]*)?$/;
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)(.*)$/is;

/** What may begin a dot segment, where the slash or the dot is escaped. */
const ESCAPED_DOT = /(?:\/|%2f)(?:\.|%2e)/i;

/** Hosts seen, each checked once. Bounded, since clients choose them. */
const ORIGINS_LIMIT = 256;
const origins = { http: new Map<string, string>(), https: new Map<string, string>() };

/**
 * The URL of a request-target. `undefined` where it or the host is not one, and `AMBIGUOUS` where a
 * front may read another path in it. `host` is the Host field; a target in absolute form overrides it
 * (RFC 9112 3.2.2). `*` becomes the path `/*`; a fragment is cut.
 */
export function requestUrl(
  scheme: 'http' | 'https',
  host: string | undefined,
  target: string,
): string | undefined {
  if (target.charCodeAt(0) !== 0x2f) return unusualUrl(scheme, host, target);
  // RFC 9112 3.2: HTTP/1.0 may leave Host out.
  const origin =
    origins[scheme].get(host ?? 'localhost') ?? readOrigin(scheme, host ?? 'localhost');
  if (origin === undefined) return undefined;
  if (SAFE_PATH.test(target) && !mayHaveDotSegment(target)) return origin + target;
  return normalUrl(origin, target);
}

/** Stands for the URL of a target whose path has more than one reading. */
export const AMBIGUOUS = 'ambiguous:';

/** Whether host and target make a URL, whatever path is read in it. */
export function isRequestUrl(host: string | undefined, target: string): boolean {
  if (target.charCodeAt(0) === 0x2f && origins.http.has(host ?? 'localhost')) return true;
  return requestUrl('http', host, target) !== undefined;
}

function mayHaveDotSegment(target: string): boolean {
  return target.includes('/.') || (target.includes('%2') && ESCAPED_DOT.test(target));
}

function unusualUrl(
  scheme: 'http' | 'https',
  host: string | undefined,
  target: string,
): string | undefined {
  if (target === '*') return requestUrl(scheme, host, '/*');
  const absolute = ABSOLUTE_FORM.exec(target);
  if (absolute === null) return undefined;
  const path = absolute[2]!;
  return requestUrl(scheme, absolute[1]!, path.startsWith('/') ? path : `/${path}`);
}

function readOrigin(scheme: 'http' | 'https', host: string): string | undefined {
  const url = URL.parse(`${scheme}://${host}/`);
  // A host that holds user information, a path or a query would move the rest of the URL.
  if (url === null || /[@/?#\\\s]/.test(host)) return undefined;
  const known = origins[scheme];
  if (known.size >= ORIGINS_LIMIT) known.clear();
  known.set(host, url.origin);
  return url.origin;
}

function normalUrl(origin: string, target: string): string | undefined {
  const path = pathOf(target);
  const hash = target.indexOf('#', path.length);
  const rest = target.slice(path.length, hash === -1 ? target.length : hash);
  // URL would read a backslash as a slash and a raw octet as a character: both stay what they are.
  const whole = path.replaceAll('\\', '%5C') + rest;
  const ascii = whole.replace(
    /[\x80-\xff]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const url = URL.parse(origin + ascii);
  if (url === null) return undefined;
  return isOnePath(path, url.pathname) ? url.href : AMBIGUOUS;
}
