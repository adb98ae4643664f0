/** What a request says, typed: its query, client and scheme. */

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

/** The query's value `name` where it is one of `values`, else the first of them. */
export function queryOneOf<Value extends string>(
  c: RequestContext,
  name: string,
  values: readonly [Value, ...Value[]],
): Value {
  const text = c.req.query(name);
  return values.find((value) => value === text) ?? values[0];
}

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
