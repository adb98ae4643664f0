/** Refuses forms that another site makes a visitor's browser send (CSRF). */

import type { MiddlewareHandler } from 'hono';
import { csrf } from 'hono/csrf';
import type { Env } from './views.ts';

/**
 * Lets a request that may change something pass where the browser says it comes from this site:
 * Sec-Fetch-Site is `same-origin`, or Origin names the host that was asked. A request with neither
 * field comes from no current browser, so no visitor's session rides on it, and passes.
 */
export function sameOriginOnly(): MiddlewareHandler<Env> {
  const check = csrf({ origin: (origin, c) => namesHost(origin, c.req.header('host')) });
  return (c, next) => {
    const isFromBrowser =
      c.req.header('sec-fetch-site') !== undefined || c.req.header('origin') !== undefined;
    return isFromBrowser ? check(c, next) : next();
  };
}

/** The scheme is left out: the proxy may speak TLS where this process does not see it. */
function namesHost(origin: string, host: string | undefined): boolean {
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}
