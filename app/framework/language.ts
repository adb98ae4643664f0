/** Which language a request is answered in, and the view that switches it. */

import type { MiddlewareHandler } from 'hono';
import { languageDetector } from 'hono/language';
import { type CookieKind, sendCookie } from './cookies.ts';
import { readForm } from './forms.ts';
import { host, safeNext } from './requests.ts';
import type { Env, RequestContext, View } from './views.ts';

const LANGUAGE: CookieKind<string> = {
  name: 'language',
  maxAgeSeconds: 31_536_000,
  read: (text) => text,
  write: (code) => code,
};

/** Chooses by the cookie of the switch, then by Accept-Language; else the first of `codes`. */
export function chooseLanguage(codes: readonly string[]): MiddlewareHandler<Env> {
  const detect = languageDetector({
    order: ['cookie', 'header'],
    lookupCookie: LANGUAGE.name,
    caches: false,
    supportedLanguages: [...codes],
    fallbackLanguage: codes[0] ?? 'en',
  });
  return async (c, next) => {
    await detect(c, next);
    c.header('Vary', 'Accept-Language, Cookie', { append: true });
    c.header('Content-Language', c.var.language);
  };
}

/**
 * Takes `language` and `next` of a form, keeps the language in a cookie and leads back (Django's
 * set_language). It wants no CSRF token: the form is on every page, and each would need the cookie.
 */
export const setLanguage: View<unknown> = {
  csrfExempt: true,
  async post(c) {
    const fields = await readForm(c);
    const code = fields.get('language') ?? '';
    if (!c.var.site.languages.some((language) => language.code === code)) {
      return c.var.site.errorPage(c, 400);
    }
    await sendCookie(c, LANGUAGE, code);
    return c.redirect(safeNext(c, fields.get('next'), '/'), 303);
  },
};

/**
 * Where a switch of language on this page leads: to itself, or, for the answer to a form, to the page
 * that held the form.
 */
export function pageAddress(c: RequestContext): string {
  const { pathname, search } = new URL(c.req.url);
  if (c.req.method === 'GET' || c.req.method === 'HEAD') return pathname + search;
  const referer = c.req.header('referer');
  if (referer === undefined || !URL.canParse(referer)) return '/';
  const page = new URL(referer);
  return page.host === host(c) ? page.pathname + page.search : '/';
}
