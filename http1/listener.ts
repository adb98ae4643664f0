/**
 * Accepts connections of one listening socket and gives them to `ServerConnection`s.
 *
 * Handles are taken from `server._handle.onconnection` where Node has it: no net.Socket is built
 * twice. Else 'connection' is listened for. Accepting pauses by `readStop` of the listening handle,
 * which works on handles opened from a descriptor; waiting clients stay in the kernel's backlog.
 */
import net from 'node:net';
import type { ExchangeHandler } from '../wire/exchange.ts';
import type { Acceptor, Accounts } from './accounts.ts';
import { reportFault } from './fault.ts';
import type { ServerOptions } from './options.ts';
import { ServerConnection } from './server-connection.ts';
import { isPlainForced } from './socket.ts';

/** Where to listen. A worker has a descriptor; tests may give a path or a port. */
export type ListenPlace =
  | { readonly fd: number }
  | { readonly path: string }
  | { readonly port: number; readonly host?: string };

/** What the listening handles of Node offer beside their public methods. Undocumented. */
interface ListeningHandle {
  onconnection?: (error: number, handle: unknown) => void;
  readStart?(): number;
  readStop?(): number;
}

export interface ListenOptions {
  /** The thread's connections. */
  readonly accounts: Accounts;
  readonly server: ServerOptions;
  /** Use the plain socket wrapper and the 'connection' event. */
  readonly isPlain?: boolean;
  /**
   * Takes accepted sockets instead of HTTP/1.1 being spoken on them at once: a TLS handshake first,
   * for example, then `Listener.serve`. The socket is counted only from `serve` on.
   */
  readonly accept?: ((socket: net.Socket) => void) | undefined;
  /** What a Unix socket is called in `ConnectionFacts.localAddress` where the place is a descriptor. */
  readonly path?: string;
}

/** An open listener; made by `listen`. */
export class Listener implements Acceptor {
  /** Whether `pause` works on this handle. */
  readonly canPause: boolean;
  readonly #server: net.Server;
  readonly #options: ListenOptions;
  readonly #handler: ExchangeHandler;
  readonly #handle: ListeningHandle | null;
  readonly #path: string;
  #isClosed = false;

  constructor(server: net.Server, path: string, options: ListenOptions, handler: ExchangeHandler) {
    this.#server = server;
    this.#options = options;
    this.#handler = handler;
    this.#path = path;
    this.#handle = (server as { _handle?: ListeningHandle | null })._handle ?? null;
    // The first readStart opens the handle's reading side; from then on readStop stops accepting.
    this.canPause =
      typeof this.#handle?.readStop === 'function' && this.#handle.readStart?.() === 0;
    // An accept that failed: that client is gone already, the next one is accepted.
    server.on('error', () => {});
    this.#takeConnections();
    options.accounts.addAcceptor(this);
  }

  /** As `net.Server.address`; `null` for a Unix socket opened from a descriptor. */
  address(): net.AddressInfo | string | null {
    return this.#server.address();
  }

  #takeConnections(): void {
    const handle = this.#handle;
    const isFast =
      !(this.#options.isPlain ?? isPlainForced) &&
      this.#options.accept === undefined &&
      typeof handle?.onconnection === 'function';
    if (isFast) {
      handle.onconnection = (error, accepted) => {
        if (error !== 0 || accepted === undefined) return;
        try {
          ServerConnection.accept(
            accepted,
            this.#path,
            this.#options.accounts,
            this.#options.server,
            this.#handler,
          );
        } catch (thrown) {
          reportFault(thrown);
        }
      };
    } else this.#server.on('connection', this.#options.accept ?? ((socket) => this.serve(socket)));
  }

  /**
   * Speaks HTTP/1.1 on a connected socket, which may be a TLSSocket after its handshake. From then
   * on the socket belongs to its connection.
   */
  serve(socket: net.Socket): void {
    const { accounts, server } = this.#options;
    ServerConnection.adopt(socket, this.#path, accounts, server, this.#handler);
  }

  pause(): void {
    if (this.canPause && !this.#isClosed) this.#handle?.readStop?.();
  }

  resume(): void {
    if (this.canPause && !this.#isClosed) this.#handle?.readStart?.();
  }

  /** Stops accepting; connections go on. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.accounts.removeAcceptor(this);
    this.#server.close();
  }
}

/**
 * Listens and serves. Rejects with Node's error (`code` EADDRINUSE, ...) where that fails.
 *
 * @param backlog length of the kernel's queue, as for listen(2)
 */
export function listen(
  place: ListenPlace,
  backlog: number,
  options: ListenOptions,
  handler: ExchangeHandler,
): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = net.createServer({ allowHalfOpen: true, noDelay: true });
    server.once('error', reject);
    const onListening = () => {
      server.removeListener('error', reject);
      const path = 'path' in place ? place.path : (options.path ?? '');
      resolve(new Listener(server, path, options, handler));
    };
    if ('port' in place) server.listen(place.port, place.host ?? '127.0.0.1', backlog, onListening);
    else if ('path' in place) server.listen(place.path, backlog, onListening);
    else server.listen({ fd: place.fd }, backlog, onListening);
  });
}
