/** What is known of a server connection: asked of the kernel when somebody wants to know. */
import type { Socket } from 'node:net';
import type { ConnectionFacts } from '../wire/exchange.ts';

let lastSerial = 0;

/**
 * Facts of one connection. The peer's address is read early, since a closed socket has none: that of
 * a TCP peer who reset before is empty, never `unix:`, which many a configuration trusts.
 */
export class SocketFacts implements ConnectionFacts {
  readonly serial = ++lastSerial;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly isTls: boolean;
  readonly #socket: Socket;
  /** Path of the listening Unix socket. */
  readonly #path: string;
  #localAddress: string | undefined = undefined;

  constructor(socket: Socket, path: string) {
    this.#socket = socket;
    this.#path = path;
    this.isTls = (socket as { encrypted?: boolean }).encrypted === true;
    this.remoteAddress = path === '' ? withoutZone(socket.remoteAddress ?? '') : 'unix:';
    this.remotePort = socket.remotePort ?? 0;
  }

  get localAddress(): string {
    this.#localAddress ??= this.#readLocalAddress();
    return this.#localAddress;
  }

  #readLocalAddress(): string {
    if (this.remoteAddress === 'unix:') return `unix:${this.#path}`;
    return withoutZone(this.#socket.localAddress ?? '');
  }

  get localPort(): number {
    return this.remoteAddress === 'unix:' ? 0 : (this.#socket.localPort ?? 0);
  }
}

function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone < 0 ? address : address.slice(0, zone);
}
