/** Cookies with a type: each kind says once how its text reads, how long it lasts, whether it is signed. */

import { deleteCookie, getCookie, getSignedCookie, setCookie, setSignedCookie } from 'hono/cookie';
import type { CookieOptions } from 'hono/utils/cookie';
import { isSecure } from './requests.ts';
import type { RequestContext } from './views.ts';

/** A cookie of this site. All are for every path, out of reach of scripts, and SameSite=Lax. */
export interface CookieKind<Value> {
  readonly name: string;
  readonly maxAgeSeconds: number;
  /** The client can read it and cannot change it. */
  readonly isSigned?: boolean;
  /** The value of a cookie's text; undefined where it is none. */
  read(text: string): Value | undefined;
  write(value: Value): string;
}

/** The value that the client sent; undefined without one, and where it or its signature is wrong. */
export async function readCookie<Value>(
  c: RequestContext,
  kind: CookieKind<Value>,
): Promise<Value | undefined> {
  if (kind.isSigned !== true) return readText(kind, getCookie(c, kind.name));
  for (const key of signingKeys(c, kind)) {
    const text = await getSignedCookie(c, key, kind.name);
    if (typeof text === 'string') return readText(kind, text);
  }
  return undefined;
}

/** Gives the client a new value. */
export async function sendCookie<Value>(
  c: RequestContext,
  kind: CookieKind<Value>,
  value: Value,
): Promise<void> {
  const options = { ...cookieAttributes(c), maxAge: kind.maxAgeSeconds };
  const text = kind.write(value);
  if (kind.isSigned !== true) setCookie(c, kind.name, text, options);
  else await setSignedCookie(c, kind.name, text, signingKeys(c, kind)[0]!, options);
}

/** Has the client forget the value. */
export function dropCookie(c: RequestContext, { name }: { readonly name: string }): void {
  deleteCookie(c, name, cookieAttributes(c));
}

/** What every cookie of this site has: any path, out of reach of scripts, and for https alone where that is spoken. */
export function cookieAttributes(c: RequestContext): CookieOptions {
  return { path: '/', httpOnly: true, sameSite: 'Lax', secure: isSecure(c) };
}

/** The name is part of the key: what is signed as one cookie is no other. */
function signingKeys(c: RequestContext, { name }: { readonly name: string }): string[] {
  return c.var.site.secretKeys().map((key) => `cookie.${name}.${key}`);
}

function readText<Value>(kind: CookieKind<Value>, text: string | undefined): Value | undefined {
  return text === undefined ? undefined : kind.read(text);
}
