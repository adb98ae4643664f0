/**
 * Which address of a list such as X-Forwarded-For is the client's: from the right, as long as the one
 * before came from a trusted address. See nginx `ngx_http_get_forwarded_addr`.
 */
import { SocketAddress } from 'node:net';
import { isInNetwork, type Network, parseAddress } from '../config/network.ts';

/** Who may say who the client is: networks, and Unix sockets where `unix:` is listed. */
export interface Trusted {
  readonly networks: readonly Network[];
  readonly isUnixTrusted: boolean;
}

/** An address as text in its shortest form, and a port or 0. */
export interface Peer {
  readonly address: string;
  readonly port: number;
}

/** The client that `list` names, or `undefined` where the peer is not trusted or the list is no list. */
export function findClient(
  peer: string,
  list: string,
  trusted: Trusted,
  isRecursive: boolean,
): Peer | undefined {
  let client: Peer | undefined;
  let end = list.length;
  do {
    if (!isTrusted(client?.address ?? peer, trusted)) return client;
    while (end > 0 && isSeparator(list.charCodeAt(end - 1))) end--;
    let start = end;
    while (start > 0 && !isSeparator(list.charCodeAt(start - 1))) start--;
    const next = parsePeer(list.slice(start, end));
    if (next === undefined) return client;
    client = next;
    end = start;
  } while (isRecursive && end > 0);
  return client;
}

/** A space or a comma. */
function isSeparator(code: number): boolean {
  return code === 0x20 || code === 0x2c;
}

function isTrusted(text: string, trusted: Trusted): boolean {
  if (text === 'unix:') return trusted.isUnixTrusted;
  const address = parseAddress(text);
  if (address === undefined) return false;
  return trusted.networks.some((network) => isInNetwork(network, address));
}

/** `address`, `address:port` or `[address]:port`, the last alone with brackets (ngx_parse_addr_port). */
export function parsePeer(text: string): Peer | undefined {
  if (parseAddress(text) !== undefined) return { address: shortest(text), port: 0 };
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d+)$/.exec(text) ?? [];
  const address = bracketed ?? plain;
  const port = Number(digits);
  if (address === undefined || port < 1 || port > 65535) return undefined;
  return parseAddress(address) === undefined ? undefined : { address: shortest(address), port };
}

/** RFC 5952 for IPv6, in which `$remote_addr` is written; IPv4 as decimal numbers. */
function shortest(address: string): string {
  if (address.includes(':')) return new SocketAddress({ address, family: 'ipv6' }).address;
  return address.split('.').map(Number).join('.');
}
