/** Refuses forms that another site makes a visitor's browser send (CSRF). */

import type { MiddlewareHandler } from 'hono';
import { csrf } from 'hono/csrf';
import type { Env, RequestContext } from './views.ts';

/** Lets a request that may change something pass where `mayBeOfThisSite`. */
export function sameOriginOnly(): MiddlewareHandler<Env> {
  const check = csrf({ origin: (origin, c) => namesHost(origin, c.req.header('host')) });
  return (c, next) => (isFromBrowser(c) ? check(c, next) : next());
}

/**
 * Whether the browser says that this site made it ask: Sec-Fetch-Site is `same-origin`, or Origin
 * names the host that was asked. A request with neither field comes from no current browser, so no
 * visitor's session rides on it, and passes.
 */
export function mayBeOfThisSite(c: RequestContext): boolean {
  if (!isFromBrowser(c) || c.req.header('sec-fetch-site') === 'same-origin') return true;
  return namesHost(c.req.header('origin') ?? '', c.req.header('host'));
}

function isFromBrowser(c: RequestContext): boolean {
  return c.req.header('sec-fetch-site') !== undefined || c.req.header('origin') !== undefined;
}

/** The scheme is left out: the proxy may speak TLS where this process does not see it. */
function namesHost(origin: string, host: string | undefined): boolean {
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}
