/**
 * Groups the `listen` lines of all servers into sockets. As in nginx, an address that names one
 * interface shares the socket of the wildcard address on its port, unless it asks for its own.
 */
import { ConfigError } from '../config/directive.ts';
import { defaultListen, type Listen, type ListenAddress, type ListenOptions } from './listen.ts';
import type { HttpLoad } from './load.ts';
import type { VirtualServer } from './location.ts';
import { isLookupName } from './server-name.ts';
import { ServerNames } from './server-names.ts';
import { type ServerBlock, structureOf } from './structure.ts';

/** One listening socket and the servers behind it. */
export interface Address {
  readonly listen: ListenAddress;
  readonly options: ListenOptions;
  readonly names: ServerNames;
  /** Servers of more exact addresses on this socket, by the local address of a connection. */
  readonly exact: ReadonlyMap<string, ServerNames>;
}

interface CompiledServer {
  readonly server: VirtualServer;
  readonly block: ServerBlock;
}

/** One address as written, before sockets are shared. */
interface Group {
  readonly address: ListenAddress;
  options: ListenOptions;
  readonly names: ServerNames;
  readonly servers: CompiledServer[];
  hasDefault: boolean;
}

/** Throws ConfigError for addresses that contradict each other. */
export function groupAddresses(servers: readonly CompiledServer[], http: HttpLoad): Address[] {
  const groups = new Map<string, Group>();
  for (const { server, block } of servers) {
    const { listens } = structureOf(block.scope);
    for (const listen of listens ?? [defaultListen(block.directive)]) {
      joinGroup(groups, listen, server).servers.push({ server, block });
    }
  }
  for (const group of groups.values()) addNames(group, http);
  return shareSockets([...groups.values()]);
}

function joinGroup(groups: Map<string, Group>, listen: Listen, server: VirtualServer): Group {
  const { text } = listen.address;
  let group = groups.get(text);
  if (group === undefined) {
    group = {
      address: listen.address,
      options: listen.options,
      names: new ServerNames(server),
      servers: [],
      hasDefault: listen.isDefault,
    };
    groups.set(text, group);
    return group;
  }
  if (listen.options.isSet) {
    if (group.options.isSet) {
      throw new ConfigError(`duplicate listen options for ${text}`, listen.directive);
    }
    group.options = listen.options;
  }
  if (listen.isDefault) {
    if (group.hasDefault) {
      throw new ConfigError(`a duplicate default server for ${text}`, listen.directive);
    }
    group.hasDefault = true;
    group.names.defaultServer = server;
  }
  return group;
}

/** nginx `ngx_http_server_names`; one server alone on its address needs no names. */
function addNames(group: Group, http: HttpLoad): void {
  const isAlone = group.servers.length === 1;
  for (const { server, block } of group.servers) {
    const names = structureOf(block.scope).server_names ?? [{ name: '', matcher: undefined }];
    for (const { name, matcher } of names) {
      if (matcher !== undefined) group.names.addRegex(matcher, server);
      else if (!isAlone) addName(group, name, server, http);
    }
  }
}

function addName(group: Group, name: string, server: VirtualServer, http: HttpLoad): void {
  const { text } = group.address;
  if (!isLookupName(name)) {
    throw new ConfigError(`invalid server name or wildcard "${name}" on ${text}`);
  }
  if (!group.names.add(name, server)) {
    http.load.warn(`conflicting server name "${name}" on ${text}, ignored`, undefined);
  }
}

function isWildcard(address: ListenAddress): boolean {
  return address.host === '0.0.0.0' || address.host === '::';
}

function shareSockets(groups: readonly Group[]): Address[] {
  const sockets: (Address & { exact: Map<string, ServerNames> })[] = [];
  const separate = groups.filter((group) => !mayShare(group, groups));
  for (const { address, options, names } of separate) {
    sockets.push({ listen: address, options, names, exact: new Map() });
  }
  for (const group of groups) {
    if (!mayShare(group, groups)) continue;
    const wildcard = sockets.find((socket) => isWildcardFor(socket.listen, group.address));
    wildcard?.exact.set(group.address.host, group.names);
  }
  return sockets;
}

function mayShare(group: Group, groups: readonly Group[]): boolean {
  if (group.options.isBind || isWildcard(group.address) || group.address.path !== '') return false;
  return groups.some(({ address }) => isWildcardFor(address, group.address));
}

function isWildcardFor(wildcard: ListenAddress, address: ListenAddress): boolean {
  if (!isWildcard(wildcard) || wildcard.port !== address.port) return false;
  return wildcard.host.includes(':') === address.host.includes(':');
}
