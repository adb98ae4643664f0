/**
 * Addresses and networks, `10.0.0.0/8` and `2001:db8::/32`: parsed once at load, an address parsed
 * once per connection, then compared as integers.
 */

import { type Directive, fail, type Scope } from './directive.ts';
import { parseNumber } from './units.ts';

/**
 * An address as 32-bit words. IPv4 uses `a` alone; IPv6 uses all four. An IPv4 address inside IPv6
 * (`::ffff:192.0.2.1`) is IPv4 here, as ngx_http_access_handler compares it.
 */
export interface Address {
  readonly family: 4 | 6;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

/** Addresses that share their first `bits` bits. */
export interface Network extends Address {
  readonly bits: number;
  readonly maskA: number;
  readonly maskB: number;
  readonly maskC: number;
  readonly maskD: number;
}

/** Reads a textual address without zone; `undefined` where it is none. */
export function parseAddress(text: string): Address | undefined {
  const address = parseExact(text);
  if (address?.family !== 6) return address;
  const isMapped = address.a === 0 && address.b === 0 && address.c === 0xffff;
  return isMapped ? { family: 4, a: address.d, b: 0, c: 0, d: 0 } : address;
}

/** Whether the address lies in the network. */
export function isInNetwork(network: Network, address: Address): boolean {
  if (network.family !== address.family || (address.a & network.maskA) !== network.a) return false;
  return (
    network.family === 4 ||
    ((address.b & network.maskB) === network.b &&
      (address.c & network.maskC) === network.c &&
      (address.d & network.maskD) === network.d)
  );
}

/** A network as it was written, and whether address bits beyond the mask were set and dropped. */
export interface ParsedNetwork {
  readonly network: Network;
  readonly hasLowBits: boolean;
}

/** Reads `address` or `address/bits` (ngx_ptocidr); `undefined` where it is neither. */
export function parseNetwork(text: string): ParsedNetwork | undefined {
  const slash = text.indexOf('/');
  const address = parseExact(slash === -1 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const width = address.family === 4 ? 32 : 128;
  const bits = slash === -1 ? width : parseNumber(text.slice(slash + 1));
  if (bits === undefined || bits > width) return undefined;
  const network: Network = {
    family: address.family,
    a: address.a & mask(bits),
    b: address.b & mask(bits - 32),
    c: address.c & mask(bits - 64),
    d: address.d & mask(bits - 96),
    bits,
    maskA: mask(bits),
    maskB: mask(bits - 32),
    maskC: mask(bits - 64),
    maskD: mask(bits - 96),
  };
  const hasLowBits =
    network.a !== address.a ||
    network.b !== address.b ||
    network.c !== address.c ||
    network.d !== address.d;
  return { network, hasLowBits };
}

/**
 * Reads a network from a word of a directive: `invalid parameter "x"` where it is none, and the
 * warning `low address bits of X are meaningless`.
 */
export function readNetwork(text: string, directive: Directive, scope: Scope): Network {
  const parsed = parseNetwork(text);
  if (parsed === undefined) fail(directive, `invalid parameter "${text}"`);
  if (parsed.hasLowBits) {
    scope.load.warn(`low address bits of ${text} are meaningless`, directive);
  }
  return parsed.network;
}

/** The first `bits` of 32 set; below 0 none, above 32 all. */
function mask(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? -1 : (-1 << (32 - bits)) | 0;
}

function parseExact(text: string): Address | undefined {
  if (!text.includes(':')) {
    const a = parseIpv4(text);
    return a === undefined ? undefined : { family: 4, a, b: 0, c: 0, d: 0 };
  }
  const groups = parseIpv6(text);
  if (groups === undefined) return undefined;
  const word = (at: number) => (groups[at]! << 16) | groups[at + 1]! | 0;
  return { family: 6, a: word(0), b: word(2), c: word(4), d: word(6) };
}

/** Four decimal octets as one signed 32-bit integer (ngx_inet_addr). */
function parseIpv4(text: string): number | undefined {
  const octets = text.split('.');
  if (octets.length !== 4) return undefined;
  let value = 0;
  for (const octet of octets) {
    if (!/^[0-9]+$/.test(octet) || Number(octet) > 255) return undefined;
    value = (value << 8) | Number(octet);
  }
  return value | 0;
}

/** Eight groups of 16 bits (ngx_inet6_addr), RFC 4291 2.2. */
function parseIpv6(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** Groups between colons; the last may be a dotted IPv4 address where the text ends here. */
function parseGroups(text: string, isLast: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (part.includes('.') && isLast && index === parts.length - 1) {
      const dotted = parseIpv4(part);
      if (dotted === undefined) return undefined;
      groups.push(dotted >>> 16, dotted & 0xffff);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}
