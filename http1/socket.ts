/**
 * Sockets whose bytes arrive in one buffer per thread instead of one allocation per read.
 *
 * The fast way wraps an accepted handle in `new net.Socket({ handle, onread })`, or connects with
 * `onread`, so that no stream 'data' events happen. The plain way listens for 'data'; it serves TLS
 * sockets, Node versions where the fast way is not available, and `TANDEM_PLAIN_SOCKET=1`. Both
 * report to a `SocketUser`, and the tests run over both.
 *
 * Danger: the bytes given to `received` are valid until it returns. A view of them given to
 * `write` would be overwritten by another connection's bytes while a slow reader still waits for
 * them. Use `ownBytes`.
 */
import net from 'node:net';
import { threadClock } from './clock.ts';
import { reportFault } from './fault.ts';
import { enterTurn, leaveTurn } from './turn.ts';

/** A response of 64 KB with its head fits in one read. */
const READ_BUFFER_BYTES = 128 * 1024;

/** Who hears of a socket. */
export interface SocketUser {
  /** Bytes 0..`length` of `bytes`, borrowed. */
  received(bytes: Uint8Array, length: number): void;
  /** The peer will send nothing more. */
  peerEnded(): void;
  /** The socket is gone; nothing follows. `error` where it was not an orderly end. */
  closed(error: Error | undefined): void;
  /** One of the above threw `error`: ends what is served, and the socket. Must not throw. */
  threw(error: unknown): void;
}

/** `Outbox` bounds what is written; below this Node need not tell when it is drained. */
const WRITABLE_BYTES = 1024 * 1024;

const USER = Symbol('user');
const ERROR = Symbol('error');

interface UsedSocket extends net.Socket {
  [USER]?: SocketUser;
  [ERROR]?: Error;
}

/** Node takes handles here, which its types say only of `BoundSocket`. */
type HandleOptions = Omit<net.SocketConstructorOpts, 'handle'> & {
  readonly handle: unknown;
  readonly writableHighWaterMark: number;
};

/** Whether the environment asks for the plain way. */
export const isPlainForced: boolean = process.env['TANDEM_PLAIN_SOCKET'] === '1';

const onread: net.OnReadOpts = {
  buffer: Buffer.allocUnsafeSlow(READ_BUFFER_BYTES),
  callback: onRead,
};

function onRead(this: UsedSocket, length: number, bytes: Uint8Array): boolean {
  threadClock.refresh();
  enterTurn();
  try {
    this[USER]?.received(bytes, length);
  } catch (error) {
    broken(this, error);
  } finally {
    leaveTurn();
  }
  return true;
}

function onData(this: UsedSocket, bytes: Buffer): void {
  threadClock.refresh();
  enterTurn();
  try {
    this[USER]?.received(bytes, bytes.length);
  } catch (error) {
    broken(this, error);
  } finally {
    leaveTurn();
  }
}

function onEnd(this: UsedSocket): void {
  threadClock.refresh();
  enterTurn();
  try {
    this[USER]?.peerEnded();
  } catch (error) {
    broken(this, error);
  } finally {
    leaveTurn();
  }
}

function onError(this: UsedSocket, error: Error): void {
  this[ERROR] = error;
}

function onClose(this: UsedSocket): void {
  threadClock.refresh();
  enterTurn();
  try {
    this[USER]?.closed(this[ERROR]);
  } catch (error) {
    broken(this, error);
  } finally {
    leaveTurn();
  }
}

/** What was thrown may cost this socket, never the event loop that serves the others. */
function broken(socket: UsedSocket, error: unknown): void {
  const user = socket[USER];
  if (user !== undefined) {
    user.threw(error);
    return;
  }
  reportFault(error);
  socket.destroy();
}

function listenTo(socket: UsedSocket): void {
  socket.on('end', onEnd);
  socket.on('error', onError);
  socket.on('close', onClose);
}

/**
 * Wraps an accepted handle the fast way; reading starts at once.
 *
 * @param handle a TCP or Pipe handle from `onconnection` of a listening handle
 */
export function wrapHandle(handle: unknown): net.Socket {
  const options: HandleOptions = {
    handle,
    onread,
    allowHalfOpen: true,
    writableHighWaterMark: WRITABLE_BYTES,
  };
  const socket: UsedSocket = new net.Socket(options as net.SocketConstructorOpts);
  listenTo(socket);
  return socket;
}

/** Uses a socket made elsewhere (TLS, 'connection' event) the plain way. */
export function adoptSocket(socket: net.Socket): void {
  socket.allowHalfOpen = true;
  listenTo(socket);
  socket.on('data', onData);
}

/** Where to connect to: a Unix socket's path, or host and port. */
export type SocketAddress =
  | { readonly path: string }
  | { readonly host: string; readonly port: number };

/**
 * Connects. `onConnect` is called as an event listener, with `this` as the socket.
 *
 * @param isPlain whether to use 'data' events
 */
export function connectSocket(
  address: SocketAddress,
  onConnect: () => void,
  isPlain: boolean,
): net.Socket {
  const options = {
    ...address,
    allowHalfOpen: true,
    noDelay: true,
    writableHighWaterMark: WRITABLE_BYTES,
  };
  const socket = isPlain ? net.connect(options) : net.connect({ ...options, onread });
  listenTo(socket);
  if (isPlain) socket.on('data', onData);
  socket.on('connect', onConnect);
  return socket;
}

/** Says who hears of a socket from now on. To be called in the turn that made the socket. */
export function changeUser(socket: net.Socket, user: SocketUser): void {
  (socket satisfies UsedSocket as UsedSocket)[USER] = user;
}

/**
 * Bytes the kernel has not taken yet, to tell a slow reader from one that stands still.
 * `undefined` where the socket cannot say.
 */
export function unsentBytes(socket: net.Socket): number | undefined {
  const { _handle: handle } = socket as { _handle?: { writeQueueSize?: unknown } | null };
  const size = handle?.writeQueueSize;
  return typeof size === 'number' ? size : undefined;
}

/**
 * Closes after all that was written. Where the kernel has it already, close(2) alone sends the FIN
 * after it: no shutdown(2) and no wait for it. TLS says goodbye first.
 */
export function closeWritten(socket: net.Socket): void {
  const isTls = 'encrypted' in socket && socket.encrypted === true;
  if (socket.writableLength === 0 && !isTls) socket.destroy();
  else socket.destroySoon();
}

/** Closes at once, with a reset where `mustReset` and the socket can: only TCP does. */
export function destroySocket(socket: net.Socket, mustReset: boolean): void {
  if (mustReset && socket.remoteAddress !== undefined) socket.resetAndDestroy();
  else socket.destroy();
}
