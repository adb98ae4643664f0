/** What nearly every view calls. */

import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { currentUser } from './auth/login.ts';
import { csrfToken } from './csrf.ts';
import type { MessageValues } from './i18n.ts';
import { pageAddress } from './language.ts';
import { takeMessages } from './messages.ts';
import type { PageFacts } from './templates.ts';
import type { RequestContext } from './views.ts';

/** What every template knows of the page it is for: `user`, `messages`, `csrf_token` and more. */
export async function pageOf(c: RequestContext): Promise<PageFacts> {
  const user = await currentUser(c);
  return {
    language: c.var.language,
    address: pageAddress(c),
    ...(user !== undefined && { user: { name: user.username, isStaff: user.is_staff === 1 } }),
    takeMessages: () => takeMessages(c),
    csrfToken: () => csrfToken(c),
  };
}

/** Answers with the template `name`; its variables are those of `context` and of `PageFacts`. */
export async function render(
  c: RequestContext,
  name: string,
  context: Readonly<Record<string, unknown>>,
  status: ContentfulStatusCode = 200,
): Promise<Response> {
  return c.html(await c.var.site.templates.render(name, context, await pageOf(c)), status);
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

/** `id`, a text marked with `message`, in the client's language (Django's gettext). */
export function gettext(c: RequestContext, id: string, values: MessageValues = {}): string {
  return c.var.site.translators.get(c.var.language)?.gettext(id, values) ?? id;
}
