/** Where a request is passed to: what `proxy_pass` says, read at load or, with variables, per request. */
import type { UpstreamGroup, UpstreamRegistry } from './groups.ts';
import { groupOfAddress } from './groups.ts';
import { parseUpstreamUrl, type UpstreamUrl, UrlProblem } from './url.ts';

/** A group and what is made of it in the request. See nginx `ngx_http_proxy_vars_t`. */
export interface PassTarget {
  readonly group: UpstreamGroup;
  /** With `://`, as written. */
  readonly scheme: string;
  /** URI part of `proxy_pass`, '' where there is none. */
  readonly uri: string;
  /** `$proxy_host`. */
  readonly host: string;
  /** `$proxy_port`, '' for a Unix socket. */
  readonly port: string;
}

/** Why a request cannot be passed on: what to log, and the answer. */
export class PassProblem {
  readonly status: number;
  readonly message: string;

  constructor(status: number, message: string) {
    this.status = status;
    this.message = message;
  }
}

const SCHEME = /^http:\/\//i;
const HTTPS = /^https:\/\//i;
const HTTP_PORT = 80;

/** Cuts the scheme off; `undefined` for what is no `http://` URL. */
export function schemeOf(url: string): string | undefined {
  return SCHEME.exec(url)?.[0];
}

/** Whether a URL is `https://`, which Tandem does not speak to upstreams yet. */
export function isHttps(url: string): boolean {
  return HTTPS.test(url);
}

/** Reads the address of a URL after its scheme. */
export function addressOf(url: string, scheme: string): UpstreamUrl | UrlProblem {
  return parseUpstreamUrl(url.slice(scheme.length), HTTP_PORT, true);
}

/** Joins an address with the group it means. */
export function passTarget(scheme: string, url: UpstreamUrl, group: UpstreamGroup): PassTarget {
  const { kind, host, port, hasPort, uri } = url;
  if (kind === 'unix') return { group, scheme, uri, host: 'localhost', port: '' };
  const isDefault = !hasPort || port === HTTP_PORT;
  return {
    group,
    scheme,
    uri: uri.startsWith('?') ? `/${uri}` : uri,
    host: isDefault ? host : `${host}:${port}`,
    port: String(port),
  };
}

/** Reads a `proxy_pass` that variables have made. See nginx `ngx_http_proxy_eval`. */
export function evaluatePass(text: string, registry: UpstreamRegistry): PassTarget | PassProblem {
  const scheme = schemeOf(text);
  if (scheme === undefined) {
    if (isHttps(text)) {
      return new PassProblem(500, `https is not supported by Tandem in upstream "${text}"`);
    }
    return new PassProblem(500, `invalid URL prefix in "${text}"`);
  }
  const url = addressOf(text, scheme);
  if (url instanceof UrlProblem) {
    return new PassProblem(500, `${url.message} in upstream "${text.slice(scheme.length)}"`);
  }
  const group = registry.findAt(url) ?? groupOfAddress(url);
  if (group === undefined)
    return new PassProblem(502, `no resolver defined to resolve ${url.host}`);
  return passTarget(scheme, url, group);
}
