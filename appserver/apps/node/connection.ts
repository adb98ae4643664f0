/** Connections and listeners of node:http among those of the thread (http1/accounts.ts). */
import type { AsyncResource } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';
import { Server as NetServer, Socket } from 'node:net';
import type { Acceptor, Accounts, Member } from '../../../http1/accounts.ts';
import { LINGERING_MS } from '../../worker/limits.ts';
import { goOnFor, type Served } from '../../worker/uncaught.ts';
import { failResponse } from './failure.ts';

const CONNECTION = Symbol('connection');
const CAME_BY = Symbol('came by');
type Way = 'tcp' | 'unix';
type CountedSocket = Socket & { [CONNECTION]?: NodeConnection; [CAME_BY]?: Way };

/** One connection, counted until it closes. */
export class NodeConnection implements Member, Served {
  /** As `ConnectionFacts.remoteAddress`: `unix:` for a Unix socket. */
  readonly peer: string;
  /** The last answer is given; what the peer still sends is read and dropped. */
  isLingering = false;
  context: AsyncResource | undefined = undefined;
  readonly #socket: Socket;
  readonly #accounts: Accounts;
  #response: ServerResponse | undefined = undefined;
  /** The one before, where the client did not wait for its end. */
  #earlier: ServerResponse | undefined = undefined;
  #requests = 0;
  #isTunnel = false;
  #quietTimer: NodeJS.Timeout | undefined = undefined;

  private constructor(socket: Socket, peer: string, accounts: Accounts) {
    this.peer = peer;
    this.#socket = socket;
    this.#accounts = accounts;
  }

  /** `way` is that of the server's own listener; `handOver` tells another one. */
  static add(socket: CountedSocket, way: Way, accounts: Accounts): void {
    // Read early: a closed socket has no address, and must not pass for one that never had any.
    const isUnix = (socket[CAME_BY] ?? way) === 'unix';
    const peer = isUnix ? 'unix:' : withoutZone(socket.remoteAddress ?? '');
    const connection = new NodeConnection(socket, peer, accounts);
    socket[CONNECTION] = connection;
    // What node:http ends a connection with after its last response.
    socket.destroySoon = () => connection.#closeWritten();
    accounts.add(connection);
    // node:http calls listeners of this connection's requests on its behalf.
    goOnFor(connection);
    socket.once('close', () => {
      clearTimeout(connection.#quietTimer);
      accounts.remove(connection);
    });
    if (accounts.isDraining) connection.drain(accounts.quietMs);
    // A peer that reset already: what it sent could be read, but nobody could say who asked.
    if (peer === '') socket.destroy();
  }

  static of(socket: CountedSocket): NodeConnection | undefined {
    return socket[CONNECTION];
  }

  begin(response: ServerResponse): void {
    this.#requests += 1;
    this.#accounts.requests += 1;
    const before = this.#response;
    this.#earlier = before === undefined || before.writableFinished ? undefined : before;
    this.#response = response;
  }

  get target(): string {
    return this.#response?.req.url ?? '';
  }

  endUncaught(): void {
    const response = this.#response;
    // Of several requests under way nobody can say whose code it was.
    const isOneOfSeveral = this.#earlier !== undefined && !this.#earlier.writableFinished;
    if (this.#isTunnel || response === undefined || isOneOfSeveral) this.#socket.destroy();
    else if (!response.destroyed) failResponse(response, this.#socket);
  }

  /** The application has taken the socket (a WebSocket): it may last as long as it likes. */
  becomeTunnel(): void {
    this.#isTunnel = true;
  }

  /** In a request, its response says `Connection: close`; between two, it ends after a quiet time. */
  drain(quietMs: number): void {
    if (this.#isTunnel || this.isLingering) return;
    const response = this.#response;
    if (response !== undefined && !response.writableFinished && !response.destroyed) {
      if (!response.headersSent) response.shouldKeepAlive = false;
      else response.once('finish', () => this.#closeWritten());
      return;
    }
    const seen = this.#requests;
    this.#quietTimer = setTimeout(() => {
      if (this.#requests === seen) this.#socket.destroy();
    }, quietMs);
  }

  /** Closes after all that was written; where the peer is still sending, it is let finish first. */
  #closeWritten(): void {
    const request = this.#response?.req;
    if (request === undefined || request.complete) {
      Socket.prototype.destroySoon.call(this.#socket);
      return;
    }
    this.linger();
    request.once('close', () => this.#socket.destroy());
    request.resume();
  }

  /**
   * Ends the sending side and reads on for a moment: bytes that meet a closed socket are answered by
   * a reset, which can cost the peer the answer that it has not read yet (RFC 9112 9.6).
   */
  linger(lastWords = ''): void {
    if (this.isLingering) return;
    this.isLingering = true;
    clearTimeout(this.#quietTimer);
    this.#quietTimer = setTimeout(() => this.#socket.destroy(), LINGERING_MS);
    this.#socket.end(lastWords);
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** Gives a connection that another listener accepted to the server that reads requests. */
export function handOver(server: NetServer, socket: CountedSocket, way: Way): void {
  socket[CAME_BY] = way;
  server.emit('connection', socket);
}

function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone < 0 ? address : address.slice(0, zone);
}

/** What the listening handles of Node offer beside their public methods. Undocumented. */
interface ListeningHandle {
  readStart?(): number;
  readStop?(): number;
}

/** A listening server that `Accounts` can pause, as http1/listener.ts does its own. */
export class NodeAcceptor implements Acceptor {
  readonly #server: NetServer;
  readonly #handle: ListeningHandle | null;
  readonly #canPause: boolean;

  constructor(server: NetServer) {
    this.#server = server;
    this.#handle = (server as { _handle?: ListeningHandle | null })._handle ?? null;
    // The first readStart opens the handle's reading side; from then on readStop stops accepting.
    this.#canPause =
      typeof this.#handle?.readStop === 'function' && this.#handle.readStart?.() === 0;
  }

  pause(): void {
    if (this.#canPause) this.#handle?.readStop?.();
  }

  resume(): void {
    if (this.#canPause) this.#handle?.readStart?.();
  }

  /** Not http.Server's own close, which drops keep-alive connections between two requests. */
  close(): void {
    NetServer.prototype.close.call(this.#server);
  }
}
