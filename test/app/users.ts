/** A site with users, and a browser that keeps cookies, fills forms and logs in. */

import { scryptSync } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { Database } from '../../app/framework/database.ts';
import { createSite, ORIGIN, type SiteChanges, type TestSite } from './site.ts';

/** The password of every user. */
export const PASSWORD = 'correct horse';

/** Its hash, of parameters that cost nothing; those of the site are costly on purpose. */
const QUICK_HASH = [
  'scrypt',
  2,
  1,
  1,
  '',
  scryptSync(PASSWORD, '', 32, { N: 2, r: 1, p: 1 }).toString('base64url'),
].join('$');

/** Adds a user whose password is `PASSWORD`. */
export async function addUser(
  database: Database,
  username: string,
  isStaff: boolean,
): Promise<void> {
  await database
    .withTables<{ auth_user: { username: string; password: string; is_staff: number } }>()
    .insertInto('auth_user')
    .values({ username, password: QUICK_HASH, is_staff: isStaff ? 1 : 0 })
    .execute();
}

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
  await addUser(site.database, 'ada', true);
  await addUser(site.database, 'bob', false);
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
