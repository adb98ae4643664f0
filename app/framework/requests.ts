/** Who asks, for which host, and what the client wants back. */

import { accepts } from 'hono/accepts';
import type { RequestContext } from './views.ts';

/** Address of the client as the pool's gateway knows it; empty where no pool runs the application. */
export function clientAddress(c: RequestContext): string {
  // Without a pool hono is given no bindings at all.
  return c.env?.clientAddress ?? '';
}

/** Whether the client came by https: the gateway puts the scheme a trusted front names into the URL. */
export function isSecure(c: RequestContext): boolean {
  return new URL(c.req.url).protocol === 'https:';
}

/** The host that was asked with its port, in lower case: "polls.test:8080" (Django's get_host). */
export function host(c: RequestContext): string {
  return (c.req.header('host') ?? new URL(c.req.url).host).toLowerCase();
}

/** `path` of this site as a client may keep it: "https://polls.test/polls/" (build_absolute_uri). */
export function absoluteUrl(c: RequestContext, path: string): string {
  return `${isSecure(c) ? 'https' : 'http'}://${host(c)}${path}`;
}

/** What a client can be answered with. */
export type Wanted = 'html' | 'json' | 'text';

/**
 * What the client names in Accept, the best of it first; `fallback` where it names none of the three,
 * as with no Accept at all or the bare wildcard of curl. An address that ends in `.json` wants JSON.
 */
export function wanted(c: RequestContext, fallback: Wanted): Wanted {
  if (c.req.path.endsWith('.json')) return 'json';
  const type = accepts(c, { header: 'Accept', supports: Object.keys(MEDIA_TYPES), default: '' });
  return MEDIA_TYPES[type] ?? fallback;
}

const MEDIA_TYPES: Readonly<Record<string, Wanted>> = {
  'text/html': 'html',
  'application/json': 'json',
  'application/problem+json': 'json',
  'text/plain': 'text',
};

/**
 * `next` where it is a path of this site, else `fallback`: nobody is sent to another host. Browsers
 * read a backslash as a slash and drop tabs and line ends, so a URL parser has the last word.
 */
export function safeNext(c: RequestContext, next: string | undefined, fallback: string): string {
  if (next === undefined || !next.startsWith('/') || !URL.canParse(next, c.req.url))
    return fallback;
  const target = new URL(next, c.req.url);
  if (target.origin !== new URL(c.req.url).origin) return fallback;
  const path = target.pathname + target.search;
  return path.startsWith('//') ? fallback : path;
}
