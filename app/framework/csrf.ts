/**
 * Django's CSRF token: a secret in the cookie `csrftoken`, and the same secret under a fresh mask in
 * each form. Another site can make a browser send the cookie, but cannot read it into its form.
 */

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { getCookie, setCookie } from 'hono/cookie';
import { cookieAttributes } from './cookies.ts';
import { readForm } from './forms.ts';
import type { RequestContext } from './views.ts';

/** Name of the field that holds the token in a form. */
export const CSRF_FIELD = 'csrfmiddlewaretoken';

const COOKIE = 'csrftoken';
const SECRET_BYTES = 32;
const YEAR_SECONDS = 31_449_600;

/** A token for a form of this answer; gives the client the secret's cookie where it has none. */
export function csrfToken(c: RequestContext): string {
  let secret = c.get('csrfSecret') ?? readSecret(getCookie(c, COOKIE));
  if (secret === undefined) secret = rotateCsrfSecret(c);
  c.set('csrfSecret', secret);
  // A mask for each answer: compression of a secret that stands still can be measured (BREACH).
  const mask = randomBytes(SECRET_BYTES);
  return Buffer.concat([mask, xor(secret, mask)]).toString('base64url');
}

/** Gives the client a new secret, as login does, so that tokens from before it are void. */
export function rotateCsrfSecret(c: RequestContext): Buffer {
  const secret = randomBytes(SECRET_BYTES);
  c.set('csrfSecret', secret);
  const text = secret.toString('base64url');
  setCookie(c, COOKIE, text, { ...cookieAttributes(c), maxAge: YEAR_SECONDS });
  return secret;
}

/** Whether the form's field, or else the field X-CSRFToken, holds the secret of the cookie. */
export async function hasCsrfToken(c: RequestContext): Promise<boolean> {
  const secret = readSecret(getCookie(c, COOKIE));
  if (secret === undefined) return false;
  const token = (await readForm(c)).get(CSRF_FIELD) ?? c.req.header('x-csrftoken') ?? '';
  const bytes = Buffer.from(token, 'base64url');
  // Scripts may send the cookie's own text, as Django allows.
  if (bytes.length === SECRET_BYTES) return timingSafeEqual(bytes, secret);
  if (bytes.length !== 2 * SECRET_BYTES) return false;
  const mask = bytes.subarray(0, SECRET_BYTES);
  return timingSafeEqual(xor(bytes.subarray(SECRET_BYTES), mask), secret);
}

function readSecret(text: string | undefined): Buffer | undefined {
  const secret = Buffer.from(text ?? '', 'base64url');
  return secret.length === SECRET_BYTES ? secret : undefined;
}

function xor(bytes: Buffer, mask: Buffer): Buffer {
  return Buffer.from(bytes.map((byte, i) => byte ^ mask[i]!));
}
