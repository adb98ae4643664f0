/** The absolute URL of a request, as the Fetch standard serialises it: a string, without a URL object. */

const SAFE_PATH = /^\/[\w\-.~!$&()*+,;=:@/%]*(?:\?[\w\-.~!$&()*+,;=:@/%?]*)?$/;
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)(.*)$/is;

/** Hosts seen, each checked once. Bounded, since clients choose them. */
const ORIGINS_LIMIT = 256;
const origins = { http: new Map<string, string>(), https: new Map<string, string>() };

/**
 * The URL of a request-target, or `undefined` where it or the host is not one. `host` is the Host
 * field; a target in absolute form overrides it (RFC 9112 3.2.2). `*` becomes the path `/*`.
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
  if (SAFE_PATH.test(target) && !target.includes('/.') && !target.includes('/%2')) {
    return origin + target;
  }
  return normalUrl(origin, target);
}

/** Whether `requestUrl` would answer a URL; makes none in the usual case. */
export function isRequestUrl(host: string | undefined, target: string): boolean {
  if (target.charCodeAt(0) === 0x2f && origins.http.has(host ?? 'localhost')) return true;
  return requestUrl('http', host, target) !== undefined;
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
  // URL would read a backslash as a slash and a raw octet as a character: both stay what they are.
  const query = target.indexOf('?');
  const path = query === -1 ? target : target.slice(0, query);
  const rest = query === -1 ? '' : target.slice(query);
  const whole = path.replaceAll('\\', '%5C') + rest;
  const ascii = whole.replace(
    /[\x80-\xff]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return URL.parse(origin + ascii)?.href;
}
