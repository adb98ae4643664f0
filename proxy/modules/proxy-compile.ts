/** Makes the plan of a location with `proxy_pass`: what its directives say, decided once. */
import { type Directive, fail } from '../config/directive.ts';
import { contentOf } from '../http/body.ts';
import type { Location } from '../http/location.ts';
import { compileMatcher, type Matcher } from '../http/matcher.ts';
import type { CompileSite } from '../http/module.ts';
import { constantValue, type Value } from '../http/script.ts';
import { type CookieFlags, type CookieRules, domainRewrite } from '../upstream/cookies.ts';
import { NEXT_OFF } from '../upstream/next.ts';
import { evaluatePass, type PassTarget, passTarget } from '../upstream/pass.ts';
import type { ProxyPlan, Services } from '../upstream/plan.ts';
import { registryOf } from '../upstream/registry.ts';
import { RequestTemplate } from '../upstream/request-template.ts';
import { ResponseFields } from '../upstream/response-fields.ts';
import { prefixRewrite, type Rewrite, regexRewrite } from '../upstream/rewrite-url.ts';
import type { PassLine, ProxyConf, RewriteLine } from './proxy-directives.ts';
import { redirectByUpstream, upgradeLines } from './proxy-replies.ts';

const services: Services = {
  contentOf,
  accelRedirect: redirectByUpstream,
  upgradeLines,
};

/** The plan of a location, `undefined` where it passes nothing on. Throws ConfigError. */
export function compilePlan(conf: ProxyConf, site: CompileSite): ProxyPlan | undefined {
  checkBuffers(conf);
  // Nobody asks them, but a variable that does not exist is a mistake all the same.
  for (const text of [...conf.proxy_cache_bypass, ...conf.proxy_no_cache]) site.value(text);
  const pass = conf.proxy_pass;
  if (pass === undefined) return undefined;
  const { location } = site;
  if (isFixed(location) && location.name.endsWith('/')) location.redirectsToSlash = true;
  const target = targetOf(pass, site);
  const registry = registryOf(site.http);
  const address = site.value(pass.text);
  return {
    target,
    evaluateTarget: (r) => evaluatePass(address.evaluate(r), registry),
    locationLength: pass.locationName.length,
    template: templateOf(conf, target, site),
    method: optional(conf.proxy_method, site),
    httpVersion: conf.proxy_http_version,
    body: optional(conf.proxy_set_body, site),
    passesContent: conf.proxy_pass_request_body,
    buffersContent: conf.proxy_request_buffering,
    fields: new ResponseFields(
      conf.proxy_hide_header,
      conf.proxy_pass_header,
      redirectsOf(conf, pass, site),
      cookiesOf(conf, site),
      conf.proxy_force_ranges,
    ),
    ignoredFields: conf.proxy_ignore_headers,
    interceptsErrors: conf.proxy_intercept_errors,
    buffering: conf.proxy_buffering,
    bufferSize: conf.proxy_buffer_size,
    buffersSize: conf.proxy_buffers.count * conf.proxy_buffers.sizeBytes,
    ignoresClientAbort: conf.proxy_ignore_client_abort,
    passesTrailers: conf.proxy_pass_trailers,
    connectTimeoutMs: conf.proxy_connect_timeout,
    times: { sendTimeoutMs: conf.proxy_send_timeout, readTimeoutMs: conf.proxy_read_timeout },
    nextUpstream: (conf.proxy_next_upstream & NEXT_OFF) !== 0 ? NEXT_OFF : conf.proxy_next_upstream,
    nextTries: conf.proxy_next_upstream_tries,
    nextTimeoutMs: conf.proxy_next_upstream_timeout,
    services,
  };
}

/** Whether the location is found by the text of its name. */
function isFixed({ kind }: Location): boolean {
  return kind === 'prefix' || kind === 'no-regex' || kind === 'exact';
}

function optional(word: string | undefined, site: CompileSite): Value | undefined {
  return word === undefined ? undefined : site.value(word);
}

function targetOf(pass: PassLine, site: CompileSite): PassTarget | undefined {
  if (pass.fixed === undefined) return undefined;
  const { scheme, url } = pass.fixed;
  const group = registryOf(site.http).find(url);
  if (group === undefined) throw new Error(`no upstream was made for "${pass.text}"`);
  return passTarget(scheme, url, group);
}

function templateOf(
  conf: ProxyConf,
  target: PassTarget | undefined,
  site: CompileSite,
): RequestTemplate {
  const set = conf.proxy_set_header.map(([name, value]) => [name, site.value(value)] as const);
  const host = target === undefined ? site.value('$proxy_host') : constantValue(target.host);
  const { proxy_http_version, proxy_pass_request_headers } = conf;
  return new RequestTemplate(set, host, proxy_http_version, proxy_pass_request_headers);
}

/** nginx `ngx_http_proxy_merge_loc_conf`: how the sizes of buffers must fit each other. */
function checkBuffers(conf: ProxyConf): void {
  const at = conf.buffersAt;
  if (at === undefined) return;
  const { count, sizeBytes } = conf.proxy_buffers;
  if (count < 2) fail(at, 'there must be at least 2 "proxy_buffers"');
  const largest = Math.max(conf.proxy_buffer_size, sizeBytes);
  const rule = 'the maximum of the value of "proxy_buffer_size" and one of the "proxy_buffers"';
  const busy = conf.proxy_busy_buffers_size ?? 2 * largest;
  if (busy < largest) {
    fail(at, `"proxy_busy_buffers_size" must be equal to or greater than ${rule}`);
  }
  if (busy > (count - 1) * sizeBytes) {
    const all = 'the size of all "proxy_buffers" minus one buffer';
    fail(at, `"proxy_busy_buffers_size" must be less than ${all}`);
  }
  if ((conf.proxy_temp_file_write_size ?? 2 * largest) < largest) {
    fail(at, `"proxy_temp_file_write_size" must be equal to or greater than ${rule}`);
  }
  if (conf.proxy_max_temp_file_size !== 0 && conf.proxy_max_temp_file_size < largest) {
    const either = 'must be equal to zero to disable temporary files usage or must be';
    fail(at, `"proxy_max_temp_file_size" ${either} equal to or greater than ${rule}`);
  }
}

function redirectsOf(conf: ProxyConf, pass: PassLine, site: CompileSite): readonly Rewrite[] {
  const lines = conf.proxy_redirect;
  if (lines === 'off') return [];
  if (lines === undefined) return pass.fixed === undefined ? [] : [defaultRedirect(pass)];
  return lines.map((line) => {
    if (line.args[0] === 'default') return defaultRedirect(pass);
    return rewriteOf(line, site, prefixRewrite, false);
  });
}

/** What `proxy_redirect default` means: the URL of `proxy_pass` becomes the location's name. */
function defaultRedirect(pass: PassLine): Rewrite {
  if (pass.fixed?.url.uri !== '' && pass.fixed !== undefined) {
    return prefixRewrite(constantValue(pass.text), constantValue(pass.locationName));
  }
  return prefixRewrite(constantValue(`${pass.text}/`), constantValue('/'));
}

/** A line `what replacement`, where `~` and `~*` begin a regular expression. */
function rewriteOf(
  line: RewriteLine,
  site: CompileSite,
  plain: (pattern: Value, replacement: Value) => Rewrite,
  isAlwaysCaseless: boolean,
): Rewrite {
  const [what = '', by = ''] = line.args;
  const regex = regexOf(what, site, line, isAlwaysCaseless);
  const replacement = site.value(by);
  if (regex === undefined) return plain(site.value(what), replacement);
  return regexRewrite(regex, replacement);
}

function regexOf(
  word: string,
  site: CompileSite,
  at: Directive,
  isAlwaysCaseless: boolean,
): Matcher | undefined {
  if (!word.startsWith('~')) return undefined;
  const isCaseless = word.startsWith('~*');
  return compileMatcher(
    word.slice(isCaseless ? 2 : 1),
    isCaseless || isAlwaysCaseless,
    site.http,
    at,
  );
}

function cookiesOf(conf: ProxyConf, site: CompileSite): CookieRules | undefined {
  const domains = linesOf(conf.proxy_cookie_domain).map((line) =>
    rewriteOf(line, site, domainRewrite, true),
  );
  const paths = linesOf(conf.proxy_cookie_path).map((line) =>
    rewriteOf(line, site, prefixRewrite, false),
  );
  const flags = linesOf(conf.proxy_cookie_flags).map((line) => cookieFlagsOf(line, site));
  if (domains.length + paths.length + flags.length === 0) return undefined;
  return { domains, paths, flags };
}

function linesOf(lines: 'off' | readonly RewriteLine[] | undefined): readonly RewriteLine[] {
  return lines === undefined || lines === 'off' ? [] : lines;
}

function cookieFlagsOf(line: RewriteLine, site: CompileSite): CookieFlags {
  const [cookie = '', ...words] = line.args;
  const regex = regexOf(cookie, site, line, true);
  const flags = words.map((word) => site.value(word));
  if (regex !== undefined) return { matches: (r, name) => regex.match(r, name), flags };
  const value = site.value(cookie);
  return {
    matches: (r, name) => value.evaluate(r).toLowerCase() === name.toLowerCase(),
    flags,
  };
}
