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
    else readOption(parameter, options, addresses[0]!, directive);
  }
  return addresses.map((address) => ({ address, options, isDefault, directive }));
}

function readOption(
  word: string,
  options: ListenOptions,
  address: ListenAddress,
  directive: Directive,
): void {
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
  const value = word.slice(equals + 1);
  switch (name) {
    case 'backlog': {
      const backlog = parseNumber(value);
      if (backlog === undefined || backlog === 0) fail(directive, `invalid backlog "${value}"`);
      options.backlog = backlog;
      return;
    }
    case 'ipv6only':
      if (!address.text.startsWith('[')) {
        fail(directive, `ipv6only is not supported on addr "${address.text}"`);
      }
      if (value !== 'on' && value !== 'off') {
        fail(directive, `invalid ipv6only flags "${value}"`);
      }
      options.ipv6Only = value === 'on';
      return;
    case 'so_keepalive':
    case 'rcvbuf':
    case 'sndbuf':
    case 'fastopen':
    case 'setfib':
    case 'accept_filter':
      fail(directive, `the "${name}" parameter of "listen" is not supported by Tandem`);
  }
  fail(directive, `invalid parameter "${word}"`);
}

function readAddress(word: string, directive: Directive): ListenAddress[] {
  if (word.startsWith('unix:')) return [unixAddress(word, directive)];
  if (word.startsWith('[')) return [ipv6Address(word, directive)];
  const colon = word.lastIndexOf(':');
  const isPortOnly = colon === -1 && /^[0-9]+$/.test(word);
  const host = colon !== -1 ? word.slice(0, colon) : isPortOnly ? '*' : word;
  const portText = colon !== -1 ? word.slice(colon + 1) : isPortOnly ? word : '80';
  const port = readPort(portText, word, directive);
  if (host === '') fail(directive, `no host in "${word}" of the "listen" directive`);
  if (host === '*') return [ipv4('0.0.0.0', port)];
  if (isIPv4(host)) return [ipv4(host, port)];
  // Names are resolved at load; the one name that needs no resolver is the local host.
  if (host === 'localhost') return [ipv4('127.0.0.1', port)];
  fail(directive, `host not found in "${word}" of the "listen" directive`);
}

function ipv4(host: string, port: number): ListenAddress {
  return { host, port, path: '', text: `${host}:${port}` };
}

function ipv6Address(word: string, directive: Directive): ListenAddress {
  const end = word.indexOf(']');
  const host = word.slice(1, end === -1 ? undefined : end);
  if (end === -1 || !isIPv6(host)) {
    fail(directive, `invalid host in "${word}" of the "listen" directive`);
  }
  const rest = word.slice(end + 1);
  if (rest !== '' && !rest.startsWith(':')) {
    fail(directive, `invalid host in "${word}" of the "listen" directive`);
  }
  const port = rest === '' ? 80 : readPort(rest.slice(1), word, directive);
  return { host, port, path: '', text: `[${host}]:${port}` };
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
  if (path === '')
    fail(directive, `no path in the unix domain socket in "${word}" of the "listen" directive`);
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
