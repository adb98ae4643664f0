/** What a view is: a handler per method, and the 405 answer for the methods it has not. */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Context } from 'hono';
import type { User } from './auth/users.ts';
import { hasCsrfToken } from './csrf.ts';
import type { SessionData } from './sessions.ts';
import type { Site } from './site.ts';

/** What hono carries through one request: `c.var.site` is the running site, `c.var.language` the client's. */
export interface Env {
  Variables: {
    site: Site;
    language: string;
    /** The route that matched, as it is written; absent where none did. */
    route?: string;
    session: SessionData;
    csrfSecret?: Buffer;
    /** Who is logged in; absent until somebody asks. */
    user?: User | null;
  };
  /** What the pool's gateway tells of a request; absent where no pool runs the application. */
  Bindings: { readonly clientAddress?: string; upgrade?(): UpgradeOffer | undefined };
}

/** A connection that the gateway lets a view take over from HTTP. */
export interface UpgradeOffer {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** The request at hand. Views call it `c`, as hono's documentation does. */
export type RequestContext = Context<Env>;

/** Answers one request; `params` holds what the route's converters read from the path. */
export type ViewHandler<Params> = (
  c: RequestContext,
  params: Params,
) => Response | Promise<Response>;

/** Handlers by method. HEAD is answered by `get` without its content, OPTIONS by the list itself. */
export interface View<Params> {
  readonly get?: ViewHandler<Params>;
  readonly post?: ViewHandler<Params>;
  /** `post` takes forms without a CSRF token (Django's csrf_exempt). */
  readonly csrfExempt?: boolean;
}

/** The error page for a form that is not of this site (Django's CSRF_FAILURE_TEMPLATE_NAME). */
export const CSRF_PAGE = '403_csrf.html';

/** Value of Allow for `view` (RFC 9110 10.2.1): `GET, HEAD, OPTIONS`. */
export function allowedMethods(view: View<never>): string {
  const methods: string[] = [];
  if (view.get !== undefined) methods.push('GET', 'HEAD');
  if (view.post !== undefined) methods.push('POST');
  methods.push('OPTIONS');
  return methods.join(', ');
}

/**
 * Answers `c` with the handler for its method. OPTIONS gives the allowed methods; any other method
 * without a handler gets 405 and Allow (RFC 9110 15.5.6). A form without the CSRF token gets 403.
 */
export async function dispatch<Params>(
  view: View<Params>,
  c: RequestContext,
  params: Params,
): Promise<Response> {
  const method = c.req.method;
  if ((method === 'GET' || method === 'HEAD') && view.get !== undefined) {
    return view.get(c, params);
  }
  if (method === 'POST' && view.post !== undefined) {
    const isTrusted = view.csrfExempt === true || (await hasCsrfToken(c));
    return isTrusted ? view.post(c, params) : c.var.site.errorPage(c, 403, CSRF_PAGE);
  }
  c.header('Allow', allowedMethods(view));
  if (method === 'OPTIONS') return c.body(null, 200);
  return c.var.site.errorPage(c, 405);
}
