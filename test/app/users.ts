/** A site with users, and a browser that keeps cookies, fills forms and logs in. */

import type { TestContext } from 'node:test';
import { createUser } from '../../app/framework/auth/users.ts';
import { createSite, ORIGIN, type SiteChanges, type TestSite } from './site.ts';

/** The password of every user. */
export const PASSWORD = 'correct horse';

/** Fields of a form by name. */
export type Fields = Readonly<Record<string, string>>;

/** A browser with cookies of its own. */
export interface Visitor {
  readonly jar: Map<string, string>;
  /** Asks for `path`, with the cookies. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** Opens `page` for its CSRF token, then sends `fields` to `action`. */
  send(page: string, action: string, fields: Fields): Promise<Response>;
  login(username: string, password?: string, next?: string): Promise<Response>;
}

/** A site with the staff user ada and the user bob, and a browser. */
export async function createSiteWithUsers(
  t: TestContext,
  changes: SiteChanges = {},
): Promise<TestSite & Visitor> {
  const site = await createSite(t, changes);
  await createUser(site.database, { username: 'ada', password: PASSWORD, isStaff: true });
  await createUser(site.database, { username: 'bob', password: PASSWORD, isStaff: false });
  return { ...site, ...openBrowser(site) };
}

/** A browser without cookies. */
export function openBrowser(site: TestSite): Visitor {
  const jar = new Map<string, string>();
  const ask = async (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    headers.set('Cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '));
    const response = await site.request(path, { ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/Max-Age=0/.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  };
  const send = async (page: string, action: string, fields: Fields) => {
    const html = await (await ask(page)).text();
    const token = /name="csrfmiddlewaretoken" value="([^"]+)"/.exec(html)?.[1] ?? '';
    const body = new URLSearchParams({ csrfmiddlewaretoken: token, ...fields });
    const headers = { Origin: ORIGIN, Referer: ORIGIN + page };
    return ask(action, { method: 'POST', body, headers });
  };
  const login = (username: string, password = PASSWORD, next = '/staff/') =>
    send('/accounts/login/', '/accounts/login/', { username, password, next });
  return { jar, ask, send, login };
}
