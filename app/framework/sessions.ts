/**
 * Sessions in a signed cookie, as Django's `signed_cookies` backend: the client can read what is in
 * it and cannot change it. The first secret key signs; all of them verify, so keys can be rotated.
 */

import type { MiddlewareHandler } from 'hono';
import { type CookieKind, dropCookie, readCookie, sendCookie } from './cookies.ts';
import type { Env, RequestContext } from './views.ts';

/** What a session holds. */
export interface SessionData {
  /** Id of the user who is logged in. */
  readonly userId?: number;
  /** Changes with the user's password, which so ends every session. */
  readonly authHash?: string;
  /** Messages to be shown on the next page. */
  readonly messages?: readonly Message[];
}

/** A line to be shown once. */
export interface Message {
  readonly level: 'success' | 'info' | 'error';
  readonly text: string;
}

const TWO_WEEKS_SECONDS = 1_209_600;

/** A session and when it was written, in milliseconds since 1970. */
interface StoredSession {
  readonly at: number;
  readonly data: SessionData;
}

// Only this site signs, so what is in the cookie has the shape that was written.
const SESSION: CookieKind<StoredSession> = {
  name: 'sessionid',
  maxAgeSeconds: TWO_WEEKS_SECONDS,
  isSigned: true,
  read: (text) => JSON.parse(text),
  write: (session) => JSON.stringify(session),
};

/**
 * Reads the session before the view and, where it was changed, sends it after. That answers vary by
 * Cookie is said by `chooseLanguage`, of all of them.
 */
export function sessions(): MiddlewareHandler<Env> {
  return async (c, next) => {
    const before = await readSession(c);
    c.set('session', before);
    await next();
    const after = c.get('session');
    if (after === before) return;
    if (Object.keys(after).length === 0) dropCookie(c, SESSION);
    else await sendCookie(c, SESSION, { at: Date.now(), data: after });
  };
}

/** Changes parts of the session; `undefined` takes one out. */
export function updateSession(
  c: RequestContext,
  changes: { readonly [Name in keyof SessionData]: SessionData[Name] | undefined },
): void {
  const entries = Object.entries({ ...c.get('session'), ...changes });
  c.set('session', Object.fromEntries(entries.filter(([, value]) => value !== undefined)));
}

/** Forgets the whole session. */
export function flushSession(c: RequestContext): void {
  c.set('session', {});
}

async function readSession(c: RequestContext): Promise<SessionData> {
  const { at, data } = (await readCookie(c, SESSION)) ?? { at: 0, data: {} };
  return Date.now() - at < TWO_WEEKS_SECONDS * 1000 ? data : {};
}
