/**
 * What a trusted front says of its client: scheme and address. Anyone else's word is ignored.
 * Gunicorn: http/message.py parse_headers; settings forwarded_allow_ips, secure_scheme_headers.
 */
import { BlockList, isIP } from 'node:net';
import { SettingError } from '../errors.ts';
import type { Settings } from '../settings/table.ts';

/** How `ConnectionFacts.remoteAddress` spells a peer on a Unix socket. */
const UNIX_PEER = 'unix:';

/** Which peers are believed, compiled from the settings. */
export class Forwarded {
  readonly #everyone: boolean;
  readonly #list = new BlockList();
  /** Lower-case field names, and the value of each that means https. */
  readonly #names: readonly string[];
  readonly #values: readonly string[];
  /** Bit n is set where a name is n bytes long. */
  readonly #lengths: number;
  #lastAddress = '';
  #lastVerdict = false;

  /** Throws SettingError for an entry that is neither an address nor a network. */
  constructor(settings: Pick<Settings, 'forwarded_allow_ips' | 'secure_scheme_headers'>) {
    this.#everyone = settings.forwarded_allow_ips.includes('*');
    for (const entry of settings.forwarded_allow_ips) {
      if (entry !== '*') this.#allow(entry);
    }
    const fields = Object.entries(settings.secure_scheme_headers);
    this.#names = fields.map(([name]) => name.toLowerCase());
    this.#values = fields.map(([, value]) => value);
    this.#lengths = this.#names.reduce((bits, name) => bits | (1 << (name.length & 31)), 0);
  }

  #allow(entry: string): void {
    const [address = '', prefix, more] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const bits = prefix === undefined ? undefined : Number(prefix);
    const isWhole =
      bits === undefined ||
      (/^\d{1,3}$/.test(prefix ?? '') && bits <= (family === 'ipv6' ? 128 : 32));
    if (isIP(address) === 0 || more !== undefined || !isWhole) {
      throw new SettingError(`invalid address "${entry}" in forwarded_allow_ips`);
    }
    if (bits === undefined) this.#list.addAddress(address, family);
    else this.#list.addSubnet(address, bits, family);
  }

  /** Whether a peer is believed. One on a Unix socket always is, as in Gunicorn. */
  trusts(address: string): boolean {
    if (address === UNIX_PEER || this.#everyone) return true;
    if (address === this.#lastAddress) return this.#lastVerdict;
    const family = isIP(address);
    this.#lastAddress = address;
    this.#lastVerdict = family !== 0 && this.#list.check(address, family === 6 ? 'ipv6' : 'ipv4');
    return this.#lastVerdict;
  }

  /**
   * The scheme a trusted peer's fields (a flat list) tell; `undefined` where they contradict each
   * other, which is answered with 400.
   */
  schemeOf(fields: readonly string[]): 'http' | 'https' | undefined {
    let scheme: 'http' | 'https' | undefined;
    for (let i = 0; i < fields.length; i += 2) {
      const length = fields[i]!.length;
      if ((this.#lengths & (1 << (length & 31))) === 0) continue;
      const known = this.#names.indexOf(fields[i]!.toLowerCase());
      if (known === -1) continue;
      const told = fields[i + 1] === this.#values[known] ? 'https' : 'http';
      if (scheme !== undefined && scheme !== told) return undefined;
      scheme = told;
    }
    return scheme ?? 'http';
  }

  /**
   * The client's address: the last one in X-Forwarded-For that is not itself a trusted front, where
   * the peer is believed; else the peer. Empty for a Unix socket that said nothing.
   */
  clientOf(peer: string, xForwardedFor: string | undefined): string {
    const own = peer === UNIX_PEER ? '' : peer;
    if (xForwardedFor === undefined || !this.trusts(peer)) return own;
    let client = own;
    for (let end = xForwardedFor.length; end > 0; ) {
      const comma = xForwardedFor.lastIndexOf(',', end - 1);
      const address = xForwardedFor.slice(comma + 1, end).trim();
      if (isIP(address) === 0) break;
      client = address;
      if (this.#everyone || !this.trusts(address)) break;
      end = comma;
    }
    return client;
  }
}
