/** What nearly every view calls. */

import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { pageAddress } from './language.ts';
import type { PageFacts } from './templates.ts';
import type { RequestContext } from './views.ts';

/** What every template knows of the page it is for: `language` and `page_address`. */
export function pageOf(c: RequestContext): PageFacts {
  return { language: c.var.language, address: pageAddress(c) };
}

/** Answers with the template `name`; its variables are those of `context`. */
export async function render(
  c: RequestContext,
  name: string,
  context: Readonly<Record<string, unknown>>,
  status: ContentfulStatusCode = 200,
): Promise<Response> {
  return c.html(await c.var.site.templates.render(name, context, pageOf(c)), status);
}

/**
 * Sends the client to the named route: 303 after a form was handled, so that it is fetched with GET
 * (RFC 9110 15.4.4), else 302.
 */
export function redirect(
  c: RequestContext,
  name: string,
  ...values: readonly (string | number)[]
): Response {
  const status = c.req.method === 'POST' ? 303 : 302;
  return c.redirect(c.var.site.routes.reverse(name, ...values), status);
}
