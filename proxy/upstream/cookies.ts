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

/**
 * A domain that is the same but for case. A dot before a fixed domain says nothing, neither in what is
 * sought nor in what takes its place; the dot of the cookie itself stays. What variables make is taken
 * as it is. See nginx `ngx_http_proxy_rewrite_domain_handler`.
 */
export function domainRewrite(pattern: Value, replacement: Value): Rewrite {
  const fixedPattern = pattern.constant === undefined ? undefined : withoutDot(pattern.constant);
  const fixed = replacement.constant === undefined ? undefined : withoutDot(replacement.constant);
  return (r, text) => {
    const expected = fixedPattern ?? pattern.evaluate(r);
    const bare = withoutDot(text);
    if (bare.toLowerCase() !== expected.toLowerCase()) return undefined;
    return text.substring(0, text.length - bare.length) + (fixed ?? replacement.evaluate(r));
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

/** `name=value`, or a name alone. */
interface Attribute {
  readonly name: string;
  readonly value: string | undefined;
}

/**
 * Rewrites the value of one Set-Cookie field. One that no rule changes goes as it came; of another the
 * attributes are written anew, without the spaces that do not matter.
 */
export function rewriteCookie(r: HttpRequest, rules: CookieRules, value: string): string {
  const [pair, ...attributes] = value.split(';').map(readAttribute);
  if (pair?.value === undefined) return value;
  const rewritten = attributes.map((attribute) => rewriteAttribute(r, rules, attribute));
  const line = rules.flags.find((each) => each.matches(r, pair.name));
  if (line === undefined && rewritten.every((each, i) => each === attributes[i])) return value;
  const changed = line === undefined ? rewritten : withFlags(r, line, rewritten);
  return [pair, ...changed].map(attributeText).join('; ');
}

function readAttribute(text: string): Attribute {
  const equals = text.indexOf('=');
  if (equals === -1) return { name: bare(text), value: undefined };
  return { name: bare(text.substring(0, equals)), value: bare(text.substring(equals + 1)) };
}

/** Without the spaces around it; a tab is part of it, as nginx reads it. */
function bare(text: string): string {
  return text.replace(/^ +| +$/g, '');
}

function attributeText({ name, value }: Attribute): string {
  return value === undefined ? name : `${name}=${value}`;
}

/** The same object where no rule applies. */
function rewriteAttribute(r: HttpRequest, rules: CookieRules, attribute: Attribute): Attribute {
  const { name, value } = attribute;
  if (value === undefined) return attribute;
  const lower = name.toLowerCase();
  const rewrites = lower === 'domain' ? rules.domains : lower === 'path' ? rules.paths : undefined;
  const changed = rewrites === undefined ? undefined : rewriteFirst(r, rewrites, value);
  return changed === undefined ? attribute : { name, value: changed };
}

function withFlags(
  r: HttpRequest,
  line: CookieFlags,
  attributes: readonly Attribute[],
): readonly Attribute[] {
  let changed = attributes;
  for (const value of line.flags) {
    const flag = FLAGS[value.evaluate(r).toLowerCase()];
    if (flag !== undefined) changed = withFlag(changed, flag[0], flag[1]);
  }
  return changed;
}

/** @param text what the flag adds, `undefined` where it takes the attribute away */
function withFlag(
  attributes: readonly Attribute[],
  lower: string,
  text: string | undefined,
): readonly Attribute[] {
  const isIt = ({ name }: Attribute): boolean => name.toLowerCase() === lower;
  const isPresent = attributes.some(isIt);
  if (text === undefined) return isPresent ? attributes.filter((each) => !isIt(each)) : attributes;
  if (!isPresent) return [...attributes, readAttribute(text)];
  // Of SameSite the value may change.
  const flag = readAttribute(text);
  const { value } = flag;
  if (value === undefined) return attributes;
  return attributes.map((each) =>
    isIt(each) && each.value?.toLowerCase() !== value.toLowerCase() ? flag : each,
  );
}
