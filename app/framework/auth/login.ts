/** Who is logged in: authenticate, login, logout, and views for staff alone. */

import { createHash, timingSafeEqual } from 'node:crypto';
import { rotateCsrfSecret } from '../csrf.ts';
import type { Database } from '../database.ts';
import { pageAddress } from '../language.ts';
import { flushSession, updateSession } from '../sessions.ts';
import type { RequestContext, View, ViewHandler } from '../views.ts';
import { checkPassword, hashPassword } from './passwords.ts';
import { findUser, findUserByName, type User } from './users.ts';

/** The user whose name and password these are. An unknown name takes as long as a wrong password. */
export async function authenticate(
  database: Database,
  username: string,
  password: string,
): Promise<User | undefined> {
  const user = await findUserByName(database, username);
  if (user === undefined) {
    await hashPassword(password);
    return undefined;
  }
  return (await checkPassword(password, user.password)) ? user : undefined;
}

/** Starts a new session for `user`; nothing of the former one is left. */
export function login(c: RequestContext, user: User): void {
  flushSession(c);
  rotateCsrfSecret(c);
  updateSession(c, { userId: user.id, authHash: authHashOf(user) });
  c.set('user', user);
}

/** Ends the session. */
export function logout(c: RequestContext): void {
  flushSession(c);
  rotateCsrfSecret(c);
  c.set('user', null);
}

/** Who is logged in; undefined also where the password was changed since. */
export async function currentUser(c: RequestContext): Promise<User | undefined> {
  let user = c.get('user');
  if (user === undefined) {
    user = (await readUser(c)) ?? null;
    c.set('user', user);
  }
  return user ?? undefined;
}

async function readUser(c: RequestContext): Promise<User | undefined> {
  const { userId, authHash = '' } = c.get('session');
  if (userId === undefined) return undefined;
  const user = await findUser(c.var.site.database, userId);
  if (user === undefined) return undefined;
  const [given, expected] = [Buffer.from(authHash), Buffer.from(authHashOf(user))];
  return given.length === expected.length && timingSafeEqual(given, expected) ? user : undefined;
}

/**
 * `view` for staff alone: others are sent to the login and then back to the page, or to the page that
 * held the form; those without the right get 403. No cache keeps the answers.
 */
export function staffOnly<Params>(view: View<Params>): View<Params> {
  const guard = (handler: ViewHandler<Params>): ViewHandler<Params> => {
    return async (c, params) => {
      c.header('Cache-Control', 'no-store');
      const user = await currentUser(c);
      if (user === undefined) {
        const next = encodeURIComponent(pageAddress(c));
        return c.redirect(`${c.var.site.routes.reverse('auth:login')}?next=${next}`, 302);
      }
      if (user.is_staff !== 1) return c.var.site.errorPage(c, 403);
      return handler(c, params);
    };
  };
  return {
    ...(view.get === undefined ? {} : { get: guard(view.get) }),
    ...(view.post === undefined ? {} : { post: guard(view.post) }),
  };
}

/** The session's cookie can be read by its owner, so it holds a digest and not the hash itself. */
function authHashOf(user: User): string {
  return createHash('sha256').update(`session.${user.password}`).digest('base64url');
}
