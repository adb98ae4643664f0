/** Adopts sockets that somebody else bound: systemd's LISTEN_FDS, or a master before us (USR2). */
import { readlinkSync } from 'node:fs';
import { isIPv6, Socket } from 'node:net';
import { BoundListener, listenerKey, unixSocketTable } from './sockets.ts';
import type { ListenerSpec } from './types.ts';

/** systemd's SD_LISTEN_FDS_START. */
const FIRST_SYSTEMD_DESCRIPTOR = 3;

/**
 * The descriptors systemd passed to this very process (LISTEN_PID), in the unit file's order; empty
 * where none. Takes LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES out of `env`, so that no child
 * believes they are its own.
 */
export function takeSystemdDescriptors(env: NodeJS.ProcessEnv): readonly number[] {
  const isOurs = env['LISTEN_PID'] === String(process.pid);
  const count = Number(env['LISTEN_FDS'] ?? '0');
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete env[name];
  if (!isOurs || !Number.isInteger(count) || count < 1) return [];
  return Array.from({ length: count }, (_, index) => FIRST_SYSTEMD_DESCRIPTOR + index);
}

/**
 * Adopts a bound (or listening) stream socket; undefined where the descriptor is not one. Its
 * address is asked of the kernel; the path of a Unix socket is known on Linux only and is else
 * empty. An adopted socket file is never unlinked.
 */
export function adoptDescriptor(fd: number, backlog: number): BoundListener | undefined {
  const spec = tcpSpec(fd, backlog) ?? unixSpec(fd, backlog);
  return spec && new BoundListener(listenerKey(spec), spec, [], [fd], undefined);
}

/** One listener in the environment variable of an upgrade. */
interface Inheritance {
  readonly key: string;
  readonly spec: ListenerSpec;
  readonly fds: readonly number[];
}

/**
 * What a new master needs to inherit `listeners`: the descriptors for its stdio, to be placed from
 * number `firstFd` on, and the text for an environment variable of the owner's choice.
 */
export function bequeath(
  listeners: Iterable<BoundListener>,
  firstFd: number,
): { readonly descriptors: readonly number[]; readonly text: string } {
  const descriptors: number[] = [];
  const rows: Inheritance[] = [];
  for (const { key, spec, descriptors: own } of listeners) {
    const fds = own.map((_, index) => firstFd + descriptors.length + index);
    descriptors.push(...own);
    rows.push({ key, spec, fds });
  }
  return { descriptors, text: JSON.stringify(rows) };
}

/** Reads what `bequeath` wrote. Throws a SyntaxError on text that it did not write. */
export function inherit(text: string): readonly BoundListener[] {
  const rows: unknown = JSON.parse(text);
  if (!Array.isArray(rows) || !rows.every(isInheritance)) {
    throw new SyntaxError('not a list of inherited listeners');
  }
  return rows.map((row) => new BoundListener(row.key, row.spec, [], row.fds, undefined));
}

function isInheritance(row: unknown): row is Inheritance {
  if (typeof row !== 'object' || row === null) return false;
  if (!('key' in row && 'spec' in row && 'fds' in row)) return false;
  return typeof row.key === 'string' && Array.isArray(row.fds) && typeof row.spec === 'object';
}

function tcpSpec(fd: number, backlog: number): ListenerSpec | undefined {
  let address: ReturnType<Socket['address']>;
  try {
    // Never destroyed: that would close the descriptor. Without reading it holds nothing open.
    address = new Socket({ fd, readable: false, writable: false }).address();
  } catch {
    return undefined; // Not a socket at all.
  }
  if (!('address' in address) || address.address === undefined) return undefined;
  return {
    kind: 'tcp',
    host: address.address,
    port: address.port,
    ipv6Only: isIPv6(address.address),
    reusePort: false,
    backlog,
  };
}

function unixSpec(fd: number, backlog: number): ListenerSpec | undefined {
  if (process.platform !== 'linux') return { kind: 'unix', path: '', backlog };
  let inode: string | undefined;
  try {
    inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
  } catch {
    return undefined; // No such descriptor.
  }
  const row = unixSocketTable().find((candidate) => candidate.inode === inode);
  return row && { kind: 'unix', path: row.path, backlog };
}
