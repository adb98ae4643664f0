/**
 * `proxy_cookie_domain`, `proxy_cookie_path` and `proxy_cookie_flags`: rewrite Set-Cookie.
 * See nginx `ngx_http_proxy_rewrite_cookie`.
 */
import type { HttpRequest } from '../http/request.ts';
import type { Value } from '../http/script.ts';
import { type Rewrite, rewriteFirst } from './rewrite-url.ts';

/** One `proxy_cookie_flags` line: whose cookies, and the flags to add or take away. */
export interface CookieFlags {
  /** Whether the line is for the cookie of this name. */
  matches(r: HttpRequest, name: string): boolean;
  readonly flags: readonly Value[];
}

/** What a location does with cookies. */
export interface CookieRules {
  readonly domains: readonly Rewrite[];
  readonly paths: readonly Rewrite[];
  readonly flags: readonly CookieFlags[];
}

/** A domain that is the same but for case and a dot before it. */
export function domainRewrite(pattern: Value, replacement: Value): Rewrite {
  return (r, text) => {
    const expected = withoutDot(pattern.evaluate(r)).toLowerCase();
    if (withoutDot(text).toLowerCase() !== expected) return undefined;
    return withoutDot(replacement.evaluate(r));
  };
}

function withoutDot(domain: string): string {
  return domain.startsWith('.') ? domain.substring(1) : domain;
}

/** Attributes that flags speak of. */
const FLAGS: Readonly<Record<string, readonly [attribute: string, text: string | undefined]>> = {
  secure: ['secure', 'Secure'],
  nosecure: ['secure', undefined],
  httponly: ['httponly', 'HttpOnly'],
  nohttponly: ['httponly', undefined],
  'samesite=strict': ['samesite', 'SameSite=Strict'],
  'samesite=lax': ['samesite', 'SameSite=Lax'],
  'samesite=none': ['samesite', 'SameSite=None'],
  nosamesite: ['samesite', undefined],
};

/** Whether a word is a flag of `proxy_cookie_flags`. */
export function isCookieFlag(word: string): boolean {
  return Object.hasOwn(FLAGS, word.toLowerCase());
}

/** Rewrites the value of one Set-Cookie field. */
export function rewriteCookie(r: HttpRequest, rules: CookieRules, value: string): string {
  const [pair = '', ...attributes] = value.split(';');
  const line = rules.flags.find((each) => each.matches(r, nameOf(pair)));
  let changed = attributes.map((attribute) => rewriteAttribute(r, rules, attribute));
  if (line !== undefined) changed = withFlags(r, line, changed);
  return [pair, ...changed].join(';');
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=');
  return (equals === -1 ? pair : pair.substring(0, equals)).trim();
}

function rewriteAttribute(r: HttpRequest, rules: CookieRules, attribute: string): string {
  const equals = attribute.indexOf('=');
  if (equals === -1) return attribute;
  const name = attribute.substring(0, equals).trim().toLowerCase();
  const rewrites = name === 'domain' ? rules.domains : name === 'path' ? rules.paths : undefined;
  if (rewrites === undefined) return attribute;
  const text = attribute.substring(equals + 1).trim();
  return attribute.substring(0, equals + 1) + (rewriteFirst(r, rewrites, text) ?? text);
}

function withFlags(r: HttpRequest, line: CookieFlags, attributes: readonly string[]): string[] {
  let changed = [...attributes];
  for (const value of line.flags) {
    const flag = FLAGS[value.evaluate(r).toLowerCase()];
    if (flag === undefined) continue;
    const [attribute, text] = flag;
    const present = changed.some((each) => nameOf(each).toLowerCase() === attribute);
    if (text !== undefined && present && attribute !== 'samesite') continue;
    changed = changed.filter((each) => nameOf(each).toLowerCase() !== attribute);
    if (text !== undefined) changed.push(` ${text}`);
  }
  return changed;
}
