/** `proxy_redirect`: rewrites Location and Refresh of a response. See nginx `ngx_http_proxy_rewrite_redirect`. */
import type { HttpRequest } from '../http/request.ts';
import type { Value } from '../http/script.ts';

/** Rewrites a text, or answers `undefined` where it does not apply. */
export type Rewrite = (r: HttpRequest, text: string) => string | undefined;

/** Replaces a prefix. */
export function prefixRewrite(pattern: Value, replacement: Value): Rewrite {
  return (r, text) => {
    const prefix = pattern.evaluate(r);
    if (!text.startsWith(prefix)) return undefined;
    return replacement.evaluate(r) + text.substring(prefix.length);
  };
}

/**
 * Replaces the whole text where an expression matches; captures are the request's while the
 * replacement is evaluated. See nginx `ngx_http_proxy_rewrite_regex_handler`.
 */
export function regexRewrite(matcher: TextMatcher, replacement: Value): Rewrite {
  return (r, text) => (matcher.match(r, text) ? replacement.evaluate(r) : undefined);
}

/** An expression that sets the request's captures where it matches. */
export interface TextMatcher {
  match(r: HttpRequest, text: string): boolean;
}

/** What the first rewrite that applies makes of a text, or `undefined`. */
export function rewriteFirst(
  r: HttpRequest,
  rewrites: readonly Rewrite[],
  text: string,
): string | undefined {
  for (const rewrite of rewrites) {
    const changed = rewrite(r, text);
    if (changed !== undefined) return changed;
  }
  return undefined;
}

/** Rewrites the URL of a Refresh field, `5; url=http://...`. */
export function rewriteRefresh(
  r: HttpRequest,
  rewrites: readonly Rewrite[],
  value: string,
): string {
  const at = value.toLowerCase().indexOf('url=');
  if (at === -1) return value;
  const url = value.substring(at + 4);
  return value.substring(0, at + 4) + (rewriteFirst(r, rewrites, url) ?? url);
}
