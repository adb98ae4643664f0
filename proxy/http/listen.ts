/**
 * The `listen` directive: address forms and parameters. See nginx `ngx_parse_url` and
 * `ngx_http_core_listen`.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { type Directive, fail } from '../config/directive.ts';
import { parseNumber } from '../config/units.ts';

/** One address a server listens on. */
export interface ListenAddress {
  /** IP literal, `0.0.0.0` and `::` for all, or '' for a Unix socket. */
  readonly host: string;
  readonly port: number;
  /** Path of a Unix socket, as written, or ''. */
  readonly path: string;
  /** As nginx prints it: `0.0.0.0:80`, `[::]:80`, `unix:/path`. */
  readonly text: string;
}

/** Options that belong to the socket; `isSet` says whether any was given. */
export interface ListenOptions {
  isSet: boolean;
  isBind: boolean;
  backlog: number;
  isReusePort: boolean;
  ipv6Only: boolean;
}

export interface Listen {
  readonly address: ListenAddress;
  readonly options: ListenOptions;
  readonly isDefault: boolean;
  readonly directive: Directive;
}

/** Pending connections where `backlog=` is not given: nginx's on Linux. */
const DEFAULT_BACKLOG = 511;

/** Words that nginx knows and this proxy does not serve yet; refused, never ignored. */
const UNSUPPORTED = ['ssl', 'http2', 'quic', 'proxy_protocol', 'spdy'];

/** Reads a whole `listen` line: one per address that the name stands for. */
export function readListen(directive: Directive): readonly Listen[] {
  const [word = '', ...parameters] = directive.args;
  const addresses = readAddress(word, directive);
  const options: ListenOptions = {
    isSet: false,
    isBind: false,
    backlog: DEFAULT_BACKLOG,
    isReusePort: false,
    ipv6Only: true,
  };
  let isDefault = false;
  for (const parameter of parameters) {
    if (parameter === 'default_server' || parameter === 'default') isDefault = true;
    else readOption(parameter, options, directive);
  }
  return addresses.map((address) => ({ address, options, isDefault, directive }));
}

function readOption(word: string, options: ListenOptions, directive: Directive): void {
  if (UNSUPPORTED.includes(word)) {
    fail(directive, `the "${word}" parameter of "listen" is not supported by Tandem yet`);
  }
  options.isSet = true;
  options.isBind = true;
  if (word === 'bind' || word === 'deferred') return;
  if (word === 'reuseport') {
    options.isReusePort = true;
    return;
  }
  const equals = word.indexOf('=');
  const name = equals === -1 ? '' : word.slice(0, equals);
  if (name === 'backlog') options.backlog = readBacklog(word, directive);
  // nginx judges what begins with "ipv6only=o" only, and takes it for any address.
  else if (word.startsWith('ipv6only=o')) options.ipv6Only = readIpv6Only(word, directive);
  else if (UNSETTABLE.includes(name)) {
    fail(directive, `the "${name}" parameter of "listen" is not supported by Tandem`);
  } else fail(directive, `invalid parameter "${word}"`);
}

/** Options of sockets that Node has no way to set before a connection is accepted. */
const UNSETTABLE = ['so_keepalive', 'rcvbuf', 'sndbuf', 'fastopen'];

function readBacklog(word: string, directive: Directive): number {
  return parseNumber(word.slice('backlog='.length)) || fail(directive, `invalid backlog "${word}"`);
}

function readIpv6Only(word: string, directive: Directive): boolean {
  const flag = word.slice('ipv6only='.length);
  if (flag !== 'on' && flag !== 'off') fail(directive, `invalid ipv6only flags "${flag}"`);
  return flag === 'on';
}

/** nginx `ngx_parse_url`: `PORT`, `HOST`, `HOST:PORT`, `unix:PATH`; a port may be a range. */
function readAddress(word: string, directive: Directive): ListenAddress[] {
  if (word.startsWith('unix:')) return [unixAddress(word, directive)];
  if (word.startsWith('[')) return ipv6Addresses(word, directive);
  const colon = word.lastIndexOf(':');
  const isPortOnly = colon === -1 && /^[0-9]+(-[0-9]+)?$/.test(word);
  const host = colon !== -1 ? word.slice(0, colon) : isPortOnly ? '*' : word;
  const portText = colon !== -1 ? word.slice(colon + 1) : isPortOnly ? word : '80';
  const ports = readPorts(portText, word, directive);
  if (host === '') fail(directive, `no host in "${word}" of the "listen" directive`);
  const literal = host === '*' ? '0.0.0.0' : host === 'localhost' ? '127.0.0.1' : host;
  // Other names are not looked up: sockets are bound to addresses of this machine.
  if (!isIPv4(literal)) fail(directive, `host not found in "${word}" of the "listen" directive`);
  return ports.map((port) => ipv4(literal, port));
}

function ipv4(host: string, port: number): ListenAddress {
  return { host, port, path: '', text: `${host}:${port}` };
}

function ipv6Addresses(word: string, directive: Directive): ListenAddress[] {
  const end = word.indexOf(']');
  const host = word.slice(1, end === -1 ? undefined : end);
  const rest = end === -1 ? '' : word.slice(end + 1);
  if (end === -1 || (rest !== '' && !rest.startsWith(':'))) {
    fail(directive, `invalid host in "${word}" of the "listen" directive`);
  }
  const ports = rest === '' ? [80] : readPorts(rest.slice(1), word, directive);
  if (host === '') fail(directive, `no host in "${word}" of the "listen" directive`);
  if (!isIPv6(host)) {
    fail(directive, `invalid IPv6 address in "${word}" of the "listen" directive`);
  }
  return ports.map((port) => ({ host, port, path: '', text: `[${host}]:${port}` }));
}

/** `80` or `8000-8009`. */
function readPorts(text: string, word: string, directive: Directive): number[] {
  const dash = text.indexOf('-');
  if (dash === -1) return [readPort(text, word, directive)];
  const first = readPort(text.slice(0, dash), word, directive);
  const last = readPort(text.slice(dash + 1), word, directive);
  if (last < first) fail(directive, `invalid port range in "${word}" of the "listen" directive`);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function readPort(text: string, word: string, directive: Directive): number {
  const port = parseNumber(text);
  if (port === undefined || port < 1 || port > 65535) {
    fail(directive, `invalid port in "${word}" of the "listen" directive`);
  }
  return port;
}

/** The longest path of a Unix socket address (`sun_path`), without its final NUL. */
const LONGEST_PATH = 107;

function unixAddress(word: string, directive: Directive): ListenAddress {
  const path = word.slice('unix:'.length);
  if (path === '') {
    fail(directive, `no path in the unix domain socket in "${word}" of the "listen" directive`);
  }
  if (path.length > LONGEST_PATH) {
    fail(
      directive,
      `too long path in the unix domain socket in "${word}" of the "listen" directive`,
    );
  }
  return { host: '', port: 0, path, text: `unix:${path}` };
}

/** The address of a server without `listen`: port 80, or 8000 where 80 may not be bound. */
export function defaultListen(directive: Directive): Listen {
  const port = process.geteuid?.() === 0 ? 80 : 8000;
  return {
    address: ipv4('0.0.0.0', port),
    options: {
      isSet: false,
      isBind: false,
      backlog: DEFAULT_BACKLOG,
      isReusePort: false,
      ipv6Only: true,
    },
    isDefault: false,
    directive,
  };
}
