/** The listening sockets of a cycle in the words of prefork. */
import type { ListenerSpec } from '../prefork/types.ts';
import { toNodeString } from './config/paths.ts';
import type { Address } from './http/addresses.ts';

/** Name of the memory that holds each thread's number of connections. */
export const SHARED_CONNECTIONS = 'connections';

/** nginx makes socket files open to everybody; access is the folder's affair. */
const SOCKET_MODE = 0o666;

/** What the master binds; in the order of the addresses. */
export function listenerSpecs(addresses: readonly Address[]): ListenerSpec[] {
  return addresses.map(({ listen, options }) =>
    listen.path === ''
      ? {
          kind: 'tcp',
          host: listen.host,
          port: listen.port,
          ipv6Only: options.ipv6Only,
          reusePort: options.isReusePort,
          backlog: options.backlog,
        }
      : {
          kind: 'unix',
          path: toNodeString(listen.path),
          mode: SOCKET_MODE,
          backlog: options.backlog,
        },
  );
}
