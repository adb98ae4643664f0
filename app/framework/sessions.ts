/**
 * Sessions in a signed cookie, as Django's `signed_cookies` backend: the client can read what is in
 * it and can not change it. The first secret key signs; all of them verify, so keys can be rotated.
 */

import type { MiddlewareHandler } from 'hono';
import { deleteCookie, getSignedCookie, setSignedCookie } from 'hono/cookie';
import { isSecure } from './requests.ts';
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

const COOKIE = 'sessionid';
const TWO_WEEKS_SECONDS = 1_209_600;

/** Reads the session before the view and, where it was changed, sends it after. */
export function sessions(secretKeys: () => readonly string[]): MiddlewareHandler<Env> {
  return async (c, next) => {
    // The purpose is part of the key: what is signed for another use is no session.
    const keys = secretKeys().map((key) => `session.${key}`);
    const before = await readSession(c, keys);
    c.set('session', before);
    await next();
    const after = c.get('session');
    if (after === before) return;
    c.header('Vary', 'Cookie', { append: true });
    await writeSession(c, keys[0]!, after);
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

async function readSession(c: RequestContext, keys: readonly string[]): Promise<SessionData> {
  for (const key of keys) {
    const text = await getSignedCookie(c, key, COOKIE);
    if (typeof text !== 'string') continue;
    // Only this site signs, so what is in it has the shape that was written.
    const { at, data } = JSON.parse(text) as { at: number; data: SessionData };
    return Date.now() - at < TWO_WEEKS_SECONDS * 1000 ? data : {};
  }
  return {};
}

async function writeSession(c: RequestContext, key: string, data: SessionData): Promise<void> {
  const options = { path: '/', httpOnly: true, sameSite: 'Lax', secure: isSecure(c) } as const;
  if (Object.keys(data).length === 0) {
    deleteCookie(c, COOKIE, options);
    return;
  }
  const text = JSON.stringify({ at: Date.now(), data });
  await setSignedCookie(c, COOKIE, text, key, { ...options, maxAge: TWO_WEEKS_SECONDS });
}
