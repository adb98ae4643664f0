/** What a view is: a handler per method, and the 405 answer for the methods it has not. */

import type { Context } from 'hono';
import type { Site } from './site.ts';

/** What hono carries through one request: `c.var.site` is the running site, `c.var.language` the client's. */
export interface Env {
  Variables: { site: Site; language: string };
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
}

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
 * without a handler gets 405 and Allow (RFC 9110 15.5.6).
 */
export function dispatch<Params>(
  view: View<Params>,
  c: RequestContext,
  params: Params,
): Response | Promise<Response> {
  const method = c.req.method;
  if ((method === 'GET' || method === 'HEAD') && view.get !== undefined) {
    return view.get(c, params);
  }
  if (method === 'POST' && view.post !== undefined) return view.post(c, params);
  c.header('Allow', allowedMethods(view));
  if (method === 'OPTIONS') return c.body(null, 200);
  return c.var.site.errorPage(c, 405);
}
