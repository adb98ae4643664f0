/**
 * Binds the sockets of the master without ever listening on them: who listens, accepts. The threads
 * listen on their inherited copies.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  lstatSync,
  readFileSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { BoundSocket, connect } from 'node:net';
import { dirname, resolve } from 'node:path';
import { describeSystemError, problemOf, textOf } from './errno.ts';
import type { BindFailure, ListenerSpec, TcpListenerSpec, UnixListenerSpec } from './types.ts';

/** `sun_path` without its final NUL: 108 bytes on Linux, 104 on macOS. */
export const UNIX_PATH_LIMIT_BYTES = process.platform === 'linux' ? 107 : 103;

/**
 * The name of a listener in `WorkerSpec.listeners`: `tcp:127.0.0.1:80`, `tcp:[::]:80`,
 * `unix:run/app.sock`. Two specs with one key are one listener with other options.
 */
export function listenerKey(spec: ListenerSpec): string {
  if (spec.kind === 'unix') return `unix:${spec.path}`;
  const host = spec.host.includes(':') ? `[${spec.host}]` : spec.host;
  return `tcp:${host}:${spec.port}`;
}

/** A socket the master holds: one descriptor, or one per thread under SO_REUSEPORT. */
export class BoundListener {
  readonly key: string;
  /** As bound: a port of 0 has become the real one. May be exchanged for one with the same key. */
  spec: ListenerSpec;
  readonly isAdopted: boolean;
  readonly #sockets: BoundSocket[];
  readonly #adopted: readonly number[];
  readonly #file: FileIdentity | undefined;

  constructor(
    key: string,
    spec: ListenerSpec,
    sockets: BoundSocket[],
    adopted: readonly number[],
    file: FileIdentity | undefined,
  ) {
    this.key = key;
    this.spec = spec;
    this.isAdopted = adopted.length > 0;
    this.#sockets = sockets;
    this.#adopted = adopted;
    this.#file = file;
  }

  /** The descriptors in the order of the threads; thread n gets number n modulo their count. */
  get descriptors(): readonly number[] {
    return this.isAdopted ? this.#adopted : this.#sockets.map((socket) => socket.fd());
  }

  /** Brings a SO_REUSEPORT listener to at least `count` sockets; others stay as they are. */
  grow(count: number): BindFailure | undefined {
    const { spec } = this;
    if (this.isAdopted || spec.kind === 'unix' || !spec.reusePort) return undefined;
    try {
      while (this.#sockets.length < count) this.#sockets.push(openTcp(spec));
    } catch (error) {
      return { spec, ...describeSystemError(error, 'bind') };
    }
    return undefined;
  }

  /**
   * Closes sockets beyond `count`, which no thread would listen on any more. What waits in their
   * queues when the last thread leaves is lost: the kernel's rule for SO_REUSEPORT.
   */
  shrink(count: number): void {
    if (this.spec.kind === 'unix' || !this.spec.reusePort) return;
    while (this.#sockets.length > Math.max(1, count)) this.#sockets.pop()?.close();
  }

  /**
   * Gives the socket up. `unlink` removes the file of a Unix socket, if it is still the one bound
   * here: only the last owner may, never while another master serves the path. Without it the
   * descriptor of a Unix socket stays open until the process ends, since closing it unlinks. So
   * does an empty event loop: a master that leaves the file to another ends with `process.exit`.
   */
  close(unlink: boolean): void {
    for (const fd of this.#adopted) closeSync(fd);
    if (this.spec.kind === 'unix') {
      if (!unlink || !isSameFile(this.spec.path, this.#file)) return;
    }
    for (const socket of this.#sockets.splice(0)) socket.close();
  }
}

/**
 * Binds one listener. `threads` matters under SO_REUSEPORT: one socket for each. A stale file of a
 * Unix socket is probed and unlinked; one that answers, or that a live process has bound, is
 * EADDRINUSE.
 */
export async function bindListener(
  spec: ListenerSpec,
  threads: number,
): Promise<BoundListener | BindFailure> {
  return spec.kind === 'tcp' ? bindTcp(spec, threads) : bindUnix(spec);
}

/** Tells a bound listener from a failure. */
export function isBound(result: BoundListener | BindFailure): result is BoundListener {
  return result instanceof BoundListener;
}

function bindTcp(spec: TcpListenerSpec, threads: number): BoundListener | BindFailure {
  let first: BoundSocket;
  try {
    first = openTcp(spec);
  } catch (error) {
    return { spec, ...describeSystemError(error, 'bind') };
  }
  const bound = { ...spec, port: first.address().port };
  const listener = new BoundListener(listenerKey(spec), bound, [first], [], undefined);
  const failure = listener.grow(threads);
  if (failure === undefined) return listener;
  listener.close(false);
  return failure;
}

function openTcp(spec: TcpListenerSpec): BoundSocket {
  const isIpv6 = spec.host.includes(':');
  return new BoundSocket({
    host: spec.host,
    port: spec.port,
    ipv6Only: isIpv6 && spec.ipv6Only,
    reusePort: spec.reusePort,
  });
}

async function bindUnix(spec: UnixListenerSpec): Promise<BoundListener | BindFailure> {
  const length = Buffer.byteLength(spec.path);
  if (length > UNIX_PATH_LIMIT_BYTES) {
    const problem = problemOf('ENAMETOOLONG', 'bind');
    const reason = `a Unix socket path takes at most ${UNIX_PATH_LIMIT_BYTES} bytes, this has ${length}`;
    return { spec, ...problem, reason, isFinal: true };
  }
  const first = openUnix(spec);
  if (first instanceof BoundSocket) return ownUnix(spec, first);
  if (first.code !== 'EADDRINUSE') return first;
  const obstacle = await clearStaleFile(spec);
  if (obstacle !== undefined) return obstacle;
  const second = openUnix(spec);
  return second instanceof BoundSocket ? ownUnix(spec, second) : second;
}

function openUnix(spec: UnixListenerSpec): BoundSocket | BindFailure {
  // With a mode the socket is never more open than that, not even before the chmod.
  const umask = spec.mode === undefined ? spec.umask : ~spec.mode & 0o777;
  const before = umask === undefined ? undefined : process.umask(umask);
  try {
    return new BoundSocket(unixOptions(spec.path));
  } catch (error) {
    const problem = describeSystemError(error, 'bind');
    // libuv: uv_pipe_bind turns ENOENT into EACCES.
    const folder = dirname(spec.path);
    if (problem.code !== 'EACCES' || existsSync(folder)) return { spec, ...problem };
    return { spec, ...problemOf('ENOENT', 'bind'), reason: `the folder ${folder} does not exist` };
  } finally {
    if (before !== undefined) process.umask(before);
  }
}

/** BoundSocket takes `path` from 24.20 on; the published types do not name it yet. */
function unixOptions(path: string): ConstructorParameters<typeof BoundSocket>[0] {
  const options: { path: string } & ConstructorParameters<typeof BoundSocket>[0] = { path };
  return options;
}

function ownUnix(spec: UnixListenerSpec, socket: BoundSocket): BoundListener | BindFailure {
  const failure = setPermissions(spec);
  if (failure !== undefined) {
    socket.close();
    return failure;
  }
  return new BoundListener(listenerKey(spec), spec, [socket], [], identify(spec.path));
}

/** Gives the socket file its mode and owner. */
export function setPermissions(spec: UnixListenerSpec): BindFailure | undefined {
  try {
    if (spec.uid !== undefined || spec.gid !== undefined) {
      chownSync(spec.path, spec.uid ?? -1, spec.gid ?? -1);
    }
    if (spec.mode !== undefined) chmodSync(spec.path, spec.mode);
  } catch (error) {
    return { spec, ...describeSystemError(error, 'chmod') };
  }
  return undefined;
}

/** Unlinks the file of a Unix socket that nobody serves; says why where it may not. */
async function clearStaleFile(spec: UnixListenerSpec): Promise<BindFailure | undefined> {
  const inUse = { spec, ...problemOf('EADDRINUSE', 'bind') };
  try {
    const found = lstatSync(spec.path);
    if (!found.isSocket()) {
      const reason = `${spec.path} is ${kindOf(found)}, not a socket`;
      return { ...inUse, reason, isFinal: true };
    }
    const answer = await probe(spec.path);
    if (answer === 'ENOENT') return undefined;
    if (answer !== 'ECONNREFUSED' || isHeldByProcess(spec.path)) return inUse;
    unlinkSync(spec.path);
  } catch (error) {
    if (textOf(error, 'code') === 'ENOENT') return undefined;
    return { spec, ...describeSystemError(error, 'unlink') };
  }
  return undefined;
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return 'a folder';
  if (found.isSymbolicLink()) return 'a symbolic link';
  return found.isFile() ? 'a file' : 'a device or pipe';
}

/** The error code of a connect, empty where somebody accepts. */
function probe(path: string): Promise<string> {
  return new Promise((done) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      done('');
    });
    socket.once('error', (error) => done(textOf(error, 'code')));
  });
}

/**
 * Whether a live process has bound the path without listening yet (a master whose first worker is
 * still booting refuses connections as a stale file does). Linux only; elsewhere false.
 */
function isHeldByProcess(path: string): boolean {
  const absolute = resolve(path);
  for (const row of unixSocketTable()) {
    if (row.isUnconnected && (row.path === path || row.path === absolute)) return true;
  }
  return false;
}

/** One Unix socket of this machine's network namespace. */
export interface UnixSocketRow {
  readonly inode: string;
  readonly path: string;
  /** Neither connected nor connecting: a listener, or bound only. */
  readonly isUnconnected: boolean;
}

/** /proc/net/unix, named sockets only; empty where there is none. */
export function unixSocketTable(): readonly UnixSocketRow[] {
  let table: string;
  try {
    table = readFileSync('/proc/net/unix', 'latin1');
  } catch {
    return []; // Not Linux, or /proc is hidden: the probe alone decides.
  }
  const rows: UnixSocketRow[] = [];
  for (const line of table.split('\n')) {
    // Num RefCount Protocol Flags Type St Inode Path; St 01 is SS_UNCONNECTED.
    const match = /^\S+ \S+ \S+ \S+ \S+ (\S+) +(\S+) (.+)$/.exec(line);
    if (match === null) continue;
    const path = Buffer.from(match[3] ?? '', 'latin1').toString('utf8');
    rows.push({ inode: match[2] ?? '', path, isUnconnected: match[1] === '01' });
  }
  return rows;
}

interface FileIdentity {
  readonly dev: number;
  readonly ino: number;
}

function identify(path: string): FileIdentity | undefined {
  try {
    const { dev, ino } = lstatSync(path);
    return { dev, ino };
  } catch {
    return undefined; // Gone already: then it is not ours to unlink either.
  }
}

function isSameFile(path: string, known: FileIdentity | undefined): boolean {
  const now = identify(path);
  return now !== undefined && now.dev === known?.dev && now.ino === known.ino;
}
