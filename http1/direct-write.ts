/**
 * Text straight to the handle below a socket, past Node's stream of it: with the two
 * writes of a proxied request that is a fifteenth of its processor time (row proxy-200 of the
 * benchmark: 1.40 times nginx's with streams, 1.31 without, Node 24.21).
 *
 * Handles are undocumented. So this is tried only where a first write that goes through the stream
 * shows that everything is as expected, and each caller has `socket.write` to fall back on.
 */
import type { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';

/** What Node gives to a handle for each write; kept by it where the kernel does not take all at once. */
interface WriteRequest {
  oncomplete?: () => void;
}
type WriteRequestClass = new () => WriteRequest;

/** The handle of a TCP or Unix socket, as far as it is used here. */
interface Handle {
  /** Writes latin1 text; 0, or a negative error number. */
  writeLatin1String(request: WriteRequest, text: string): number;
}

/** `undefined` while it is not known, `null` where Node is not as expected. */
let requestClass: WriteRequestClass | null | undefined;
/** Getter of `writeQueueSize`, the bytes that the kernel has not taken: called, it costs half of a look. */
let queueSize: ((this: Handle) => number) | undefined;
/** Not used up by a write that the kernel took whole. */
let spare: WriteRequest | undefined;

/** Whether the environment asks for Node's streams alone. */
const isForbidden = process.env['TANDEM_PLAIN_SOCKET'] === '1';

/**
 * Writes text at once. The socket must be connected, with nothing waiting in Node's own queue.
 *
 * @returns bytes of it that the kernel has not taken yet and that leave before any later write; -1
 *   where nothing was done, and `socket.write` is to be called. An error destroys the socket.
 */
export function writeDirectly(socket: Socket, text: string): number {
  const { _handle: handle } = socket as { _handle?: Handle | null };
  if (handle === null || handle === undefined) return -1;
  if (requestClass === undefined) learn(handle);
  if (requestClass === null || requestClass === undefined || queueSize === undefined) return -1;
  if (spare === undefined) spare = newRequest(requestClass);
  const status = handle.writeLatin1String(spare, text);
  if (status !== 0) {
    socket.destroy(writeError(status));
    return 0;
  }
  const left = queueSize.call(handle);
  if (left !== 0) spare = undefined;
  return left;
}

function newRequest(Class: WriteRequestClass): WriteRequest {
  const request = new Class();
  request.oncomplete = nothing;
  return request;
}

/** The one who waits for a write asks the stream (`Outbox`). */
function nothing(): void {}

/** Looks at what Node's own next write gives to the handle. */
function learn(handle: Handle): void {
  queueSize = getterOf(handle, 'writeQueueSize');
  if (
    isForbidden ||
    typeof handle.writeLatin1String !== 'function' ||
    queueSize?.call(handle) !== 0
  ) {
    requestClass = null;
    return;
  }
  handle.writeLatin1String = function (request, ...rest): number {
    Reflect.deleteProperty(this, 'writeLatin1String');
    const Class = request.constructor as WriteRequestClass;
    const isAsExpected = Class.name === 'WriteWrap' && request.oncomplete !== undefined;
    requestClass = isAsExpected ? Class : null;
    return this.writeLatin1String(request, ...rest);
  };
}

/** The getter that an object inherits. */
function getterOf(object: object, name: string): (() => number) | undefined {
  for (
    let at: object | null = object;
    at !== null;
    at = Object.getPrototypeOf(at) as object | null
  ) {
    const own = Object.getOwnPropertyDescriptor(at, name);
    if (own !== undefined) return own.get as (() => number) | undefined;
  }
  return undefined;
}

function writeError(status: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(status);
  return Object.assign(new Error(`write ${code}`), { code, errno: status, syscall: 'write' });
}
