/** The `upstream` blocks of a file and the addresses that `proxy_pass` names itself. */
import type { SocketAddress } from '../../http1/socket.ts';
import type { Place } from '../config/directive.ts';
import { fail } from '../config/directive.ts';
import { toNodeString } from '../config/paths.ts';
import { lookupHost } from './name-lookup.ts';
import { Peer, PeerSet, type PeerSettings } from './peers.ts';
import { GroupPools } from './pools.ts';
import { type UpstreamUrl, UrlProblem } from './url.ts';

/** How many idle connections to keep, and for how long. Times in milliseconds. */
export interface KeepaliveSettings {
  /** 0 keeps none. */
  readonly connections: number;
  /** Whether each location keeps its own. */
  readonly isLocal: boolean;
  readonly requests: number;
  readonly timeMs: number;
  readonly timeoutMs: number;
}

/** nginx since 1.29.7: `keepalive 32 local` where a block says nothing. */
export const DEFAULT_KEEPALIVE: KeepaliveSettings = {
  connections: 32,
  isLocal: true,
  requests: 1000,
  timeMs: 3_600_000,
  timeoutMs: 60_000,
};

/** Addresses without an `upstream` block keep no connections (nginx skips implicit upstreams). */
const NO_KEEPALIVE: KeepaliveSettings = { ...DEFAULT_KEEPALIVE, connections: 0 };

/** A resolved address and how it is called in logs. */
export interface NamedAddress {
  readonly address: SocketAddress;
  readonly name: string;
}

/** One `server` line. */
export interface ServerLine {
  readonly addresses: readonly NamedAddress[];
  readonly settings: PeerSettings;
  readonly isBackup: boolean;
}

/** What `server` means where it says nothing. */
export const DEFAULT_PEER_SETTINGS: PeerSettings = {
  weight: 1,
  maxFails: 1,
  failTimeoutSeconds: 10,
  maxConns: 0,
  isDown: false,
};

/** A group of servers. Its peers' state belongs to this thread. */
export class UpstreamGroup {
  readonly name: string;
  readonly place: Place;
  /** Whether a block describes it; otherwise an address in `proxy_pass` does. */
  readonly isExplicit: boolean;
  readonly servers: ServerLine[] = [];
  /** Whether a `proxy_pass` without variables names it. */
  isNamed = false;
  keepalive: KeepaliveSettings = DEFAULT_KEEPALIVE;
  /** Set by `finish`. */
  peers: PeerSet = new PeerSet([], []);
  /** Connections kept to the peers; set by `finish`. */
  pools!: GroupPools;
  readonly port: number;
  readonly hasPort: boolean;

  constructor(name: string, place: Place, isExplicit: boolean, port: number, hasPort: boolean) {
    this.name = name;
    this.place = place;
    this.isExplicit = isExplicit;
    this.port = port;
    this.hasPort = hasPort;
  }

  /** Makes the peers of the server lines. Throws `no servers in upstream "x"`. */
  finish(): void {
    const primary: Peer[] = [];
    const backup: Peer[] = [];
    for (const line of this.servers) {
      for (const { address, name } of line.addresses) {
        (line.isBackup ? backup : primary).push(new Peer(address, name, line.settings));
      }
    }
    if (primary.length === 0) fail(this.place, `no servers in upstream "${this.name}"`);
    this.peers = new PeerSet(primary, backup);
    this.pools = new GroupPools(this);
  }
}

/** All groups of one load. See nginx `ngx_http_upstream_add`. */
export class UpstreamRegistry {
  readonly groups: UpstreamGroup[] = [];
  /** Every `proxy_pass` with variables, as written: where it leads is known for each request alone. */
  readonly openPasses: string[] = [];

  /** A block `upstream name {`. */
  define(name: string, at: Place): UpstreamGroup {
    for (const group of this.groups) {
      if (!isSameName(group.name, name)) continue;
      if (group.isExplicit) fail(at, `duplicate upstream "${name}"`);
      if (group.hasPort) {
        const { port, place } = group;
        const where = `${place.file}:${place.line}`;
        fail(at, `upstream "${name}" may not have port ${port} in ${where}`);
      }
    }
    const group = new UpstreamGroup(name, at, true, 0, false);
    // A `proxy_pass` above the block.
    group.isNamed = this.groups.some((each) => isSameName(each.name, name));
    this.groups.push(group);
    return group;
  }

  /**
   * Remembers an address that `proxy_pass` names; which group it means is known when all blocks
   * were read: see `groupOf`.
   */
  refer(url: UpstreamUrl, at: Place): void {
    const known = this.find(url);
    if (known === undefined) {
      const { host, port, hasPort } = url;
      const group = new UpstreamGroup(host, at, false, port, hasPort);
      group.isNamed = true;
      this.groups.push(group);
      return;
    }
    known.isNamed = true;
    if (known.isExplicit && url.hasPort) {
      fail(at, `upstream "${url.host}" may not have port ${url.port}`);
    }
  }

  /** Resolves what has no block and makes every group's peers. Call it once, after reading. */
  finish(): void {
    for (const group of [...this.groups]) {
      if (!group.isExplicit) this.resolveImplicit(group);
      else group.finish();
    }
  }

  /** The group that an address means, `undefined` where none was defined or referred to. */
  find(url: UpstreamUrl): UpstreamGroup | undefined {
    let implicit: UpstreamGroup | undefined;
    for (const group of this.groups) {
      if (!isSameName(group.name, url.host)) continue;
      if (group.isExplicit) return group;
      if (group.port === url.port) implicit = group;
    }
    return implicit;
  }

  /** The group that an address made of variables means (nginx `ngx_http_upstream_init_request`). */
  findAt(url: UpstreamUrl): UpstreamGroup | undefined {
    return this.groups.find((group) => {
      if (!isSameName(group.name, url.host) || group.servers.length === 0) return false;
      return group.isExplicit ? !url.hasPort : group.port === url.port;
    });
  }

  /** Closes the idle connections of all groups and keeps none from now on: the thread drains. */
  close(): void {
    for (const group of this.groups) if (group.servers.length !== 0) group.pools.close();
  }

  private resolveImplicit(group: UpstreamGroup): void {
    const isDefined = this.groups.some(
      (each) => each.isExplicit && isSameName(each.name, group.name),
    );
    if (isDefined) return;
    const addresses = addressesOf(group.name, group.port, group.place);
    group.servers.push({ addresses, settings: DEFAULT_PEER_SETTINGS, isBackup: false });
    group.keepalive = NO_KEEPALIVE;
    group.finish();
  }
}

function isSameName(a: string, b: string): boolean {
  return a.length === b.length && a.toLowerCase() === b.toLowerCase();
}

/** A group of one literal address met at run time, in `proxy_pass` with variables. */
export function groupOfAddress(url: UpstreamUrl): UpstreamGroup | undefined {
  if (url.kind === 'name') return undefined;
  const place = { file: '', line: 0 };
  const group = new UpstreamGroup(url.host, place, false, url.port, url.hasPort);
  const addresses = [literalAddress(url.host, url.port)];
  group.servers.push({ addresses, settings: DEFAULT_PEER_SETTINGS, isBackup: false });
  group.keepalive = NO_KEEPALIVE;
  group.finish();
  return group;
}

/** Resolves the address of a `server` line. Throws `host not found in upstream "x"`. */
export function resolveUrl(url: UpstreamUrl, at: Place): readonly NamedAddress[] {
  if (url.kind !== 'name') return [literalAddress(url.host, url.port)];
  const found = lookupHost(url.host);
  if (found.length === 0) fail(at, `host not found in upstream "${url.text}"`);
  return found.map((address) => literalAddress(address, url.port));
}

function addressesOf(host: string, port: number, at: Place): readonly NamedAddress[] {
  const kind = port === 0 ? 'unix' : isLiteral(host) ? 'address' : 'name';
  return resolveUrl({ text: host, kind, host, port, hasPort: true, uri: '' }, at);
}

function isLiteral(host: string): boolean {
  return host.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(host);
}

/** `port` 0 means a Unix path. */
function literalAddress(host: string, port: number): NamedAddress {
  if (port === 0) {
    return { address: { path: toNodeString(host) }, name: `unix:${host}` };
  }
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  const isIpv6 = bare.includes(':');
  return { address: { host: bare, port }, name: isIpv6 ? `[${bare}]:${port}` : `${bare}:${port}` };
}

/** Throws the problem of an address as nginx words it, or gives the address back. */
export function requireUrl(url: UpstreamUrl | UrlProblem, text: string, at: Place): UpstreamUrl {
  if (url instanceof UrlProblem) fail(at, `${url.message} in upstream "${text}"`);
  return url;
}
