/** Reads what `bind` names. Gunicorn: util.parse_address. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { SettingError } from '../errors.ts';
import { quoteValue } from './checks.ts';

/** Where to accept. `host` is a name or an IP literal, as written, lower case. */
export type BindAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'fd'; readonly fd: number };

const DEFAULT_PORT = '8000';

/** Throws SettingError with Gunicorn's text. */
export function parseBind(text: string): BindAddress {
  const unix = /^unix:(?:\/\/)?(.*)$/s.exec(text);
  if (unix) return { kind: 'unix', path: unix[1]! };
  if (text.startsWith('fd://')) return { kind: 'fd', fd: readDescriptor(text.slice(5)) };
  const rest = text.startsWith('tcp://') ? text.slice('tcp://'.length) : text;
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(rest);
  if (bracketed) {
    return { kind: 'tcp', host: bracketed[1]!.toLowerCase(), port: readPort(bracketed[2]) };
  }
  if (rest === '') return { kind: 'tcp', host: '0.0.0.0', port: readPort(undefined) };
  const colon = rest.indexOf(':');
  if (colon === -1) return { kind: 'tcp', host: rest.toLowerCase(), port: readPort(undefined) };
  const host = rest.slice(0, colon).toLowerCase();
  return { kind: 'tcp', host: host || '0.0.0.0', port: readPort(rest.slice(colon + 1)) };
}

function readPort(text: string | undefined): number {
  const port = text ?? DEFAULT_PORT;
  const number = /^\d+$/.test(port) ? Number(port) : Number.NaN;
  if (!(number <= 65_535))
    throw new SettingError(`${quoteValue(port)} is not a valid port number.`);
  return number;
}

function readDescriptor(text: string): number {
  if (!/^\d+$/.test(text)) {
    throw new SettingError(`${quoteValue(text)} is not a valid file descriptor.`);
  }
  return Number(text);
}

/** The IP literal to bind for a host. Throws SettingError where a name cannot be resolved. */
export async function resolveHost(host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    return (await lookup(host)).address;
  } catch (cause) {
    throw new SettingError(`cannot resolve ${quoteValue(host)}`, { cause });
  }
}

/** An address as Gunicorn's ready line shows it. */
export function showBind(address: BindAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  if (address.kind === 'fd') return `fd://${address.fd}`;
  const host = isIP(address.host) === 6 ? `[${address.host}]` : address.host;
  return `http://${host}:${address.port}`;
}
