/** The address part of `proxy_pass` and `server`: host, port, Unix path and URI. See nginx `ngx_parse_url`. */
import net from 'node:net';
import { parseNumber } from '../config/units.ts';

/** What an address says, not resolved. */
export interface UpstreamUrl {
  /** Text that was read, without scheme. */
  readonly text: string;
  readonly kind: 'unix' | 'address' | 'name';
  /** Host as written, IPv6 in brackets; for a Unix socket its path. */
  readonly host: string;
  /** The default port where none is written; 0 for a Unix socket. */
  readonly port: number;
  readonly hasPort: boolean;
  /** From the first `/` or `?`, `''` where there is none. */
  readonly uri: string;
}

/** Why an address cannot be used, in nginx's words: `invalid port`. */
export class UrlProblem {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** Longest path that fits `sockaddr_un` with its final NUL. */
const LONGEST_UNIX_PATH = 107;

/**
 * Reads `host[:port][/uri]`, `[ipv6][:port][/uri]` or `unix:path[:/uri]`.
 *
 * @param hasUri whether a URI may follow (`proxy_pass`); `server` takes none
 */
export function parseUpstreamUrl(
  text: string,
  defaultPort: number,
  hasUri: boolean,
): UpstreamUrl | UrlProblem {
  if (text.slice(0, 5).toLowerCase() === 'unix:') return parseUnix(text, hasUri);
  if (text.startsWith('[')) return parseIpv6(text, defaultPort, hasUri);
  return parseHost(text, defaultPort, hasUri);
}

function parseUnix(text: string, hasUri: boolean): UpstreamUrl | UrlProblem {
  const colon = hasUri ? text.indexOf(':', 5) : -1;
  const host = text.slice(5, colon === -1 ? undefined : colon);
  const uri = colon === -1 ? '' : text.slice(colon + 1);
  if (host === '') return new UrlProblem('no path in the unix domain socket');
  if (host.length > LONGEST_UNIX_PATH) {
    return new UrlProblem('too long path in the unix domain socket');
  }
  return { text, kind: 'unix', host, port: 0, hasPort: false, uri };
}

function parseIpv6(text: string, defaultPort: number, hasUri: boolean): UpstreamUrl | UrlProblem {
  const bracket = text.indexOf(']');
  if (bracket === -1) return new UrlProblem('invalid host');
  const start = uriStart(text, bracket);
  if (start < text.length && !hasUri) return new UrlProblem('invalid host');
  const after = text.slice(bracket + 1, start);
  if (after !== '' && !after.startsWith(':')) return new UrlProblem('invalid host');
  const host = text.slice(0, bracket + 1);
  if (host.length === 2) return new UrlProblem('no host');
  const port = after === '' ? defaultPort : portNumber(after.slice(1));
  if (port === undefined) return new UrlProblem('invalid port');
  if (!net.isIPv6(host.slice(1, -1))) return new UrlProblem('invalid IPv6 address');
  const uri = text.slice(start);
  return { text, kind: 'address', host, port, hasPort: after !== '', uri };
}

function parseHost(text: string, defaultPort: number, hasUri: boolean): UpstreamUrl | UrlProblem {
  const start = uriStart(text, 0);
  if (start < text.length && !hasUri) return new UrlProblem('invalid host');
  const authority = text.slice(0, start);
  const colon = authority.indexOf(':');
  const host = colon === -1 ? authority : authority.slice(0, colon);
  const port = colon === -1 ? defaultPort : portNumber(authority.slice(colon + 1));
  if (port === undefined) return new UrlProblem('invalid port');
  if (host === '') return new UrlProblem('no host');
  const kind = net.isIPv4(host) ? 'address' : 'name';
  return { text, kind, host, port, hasPort: colon !== -1, uri: text.slice(start) };
}

/** Where the URI starts: the first `/` or `?`, or the end. */
function uriStart(text: string, from: number): number {
  const at = text.slice(from).search(/[/?]/);
  return at === -1 ? text.length : from + at;
}

function portNumber(text: string): number | undefined {
  const port = parseNumber(text);
  return port === undefined || port < 1 || port > 65535 ? undefined : port;
}
