/** An application takes a connection over from HTTP: `gateway.upgrade()`. */
import type { Exchange, ResponseHead, Tunnel } from '../../../wire/exchange.ts';
import { hasToken } from '../../../wire/token-list.ts';
import { UpgradeError } from '../../errors.ts';
import type { UpgradeOffer } from '../../gateway.ts';
import { reasonOf } from '../error-page.ts';
import { upgradeRequest } from './upgrade-request.ts';
import { UpgradeSocket, type UpgradeSocketOwner } from './upgrade-socket.ts';

/** The exchange of the application. */
export interface TakeoverOwner {
  /** The connection is a tunnel from now on; names of `fields` are in lower case. */
  switched(fields: readonly string[]): void;
  /** The application answers with another status; its content follows. */
  refused(status: number, reason: string, fields: readonly string[]): void;
  failed(error: Error): void;
}

/** How long the head may take once the application's function has come to its end. */
const HEAD_MS = 60_000;

/** Whether a request asks to go on in another protocol, and nothing stands in the way. */
export function asksForUpgrade({ head, hasContent }: Exchange): boolean {
  const { connection, upgrade, version } = head;
  if (version !== 11 || hasContent || upgrade === undefined || connection === undefined) {
    return false;
  }
  return hasToken(connection, 'upgrade');
}

/** One connection, from the application's call to its end. */
export class Takeover implements UpgradeSocketOwner {
  readonly offer: UpgradeOffer;
  readonly socket: UpgradeSocket;
  readonly #exchange: Exchange;
  readonly #owner: TakeoverOwner;
  #isOpen = false;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(exchange: Exchange, owner: TakeoverOwner) {
    this.#exchange = exchange;
    this.#owner = owner;
    // Whatever is written: no other request follows.
    exchange.keepAlive = false;
    this.socket = new UpgradeSocket(this);
    const request = upgradeRequest(exchange.head, this.socket);
    this.offer = { request, socket: this.socket, head: Buffer.alloc(0) };
  }

  /** The application's function is through: only who holds the socket can answer now. */
  awaitHead(): void {
    if (this.#isOpen || this.socket.destroyed) return;
    const late = 'no response head was written to the socket of an upgrade for 60 seconds';
    this.#timer = setTimeout(
      () => this.socket.destroy(new UpgradeError('ERR_UPGRADE_HEAD', late)),
      HEAD_MS,
    );
  }

  opened({ status, reason, fields }: ResponseHead): Tunnel {
    this.#isOpen = true;
    clearTimeout(this.#timer);
    const lowered = fields.map((text, index) => (index % 2 === 0 ? text.toLowerCase() : text));
    if (status !== 101) {
      this.#owner.refused(status, reason, lowered);
      return new PlainResponse(this.#exchange);
    }
    this.#owner.switched(lowered);
    const words = reason || reasonOf(status);
    return this.#exchange.upgrade(status, words, switchLines(lowered), this.socket.sink);
  }

  failed(error: Error): void {
    this.#owner.failed(error);
  }

  abandoned(): void {
    clearTimeout(this.#timer);
    this.#exchange.abort();
  }
}

/** The content of a response that refuses an upgrade, where a tunnel would be. */
class PlainResponse implements Tunnel {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  write(chunk: Uint8Array | string): boolean {
    return this.#exchange.write(chunk);
  }

  end(): boolean {
    this.#exchange.end();
    return true;
  }

  destroy(): void {
    this.#exchange.abort();
  }

  /** Nothing comes from the client. */
  pause(): void {}
  resume(): void {}
}

/** Fields of a 101 that the engine writes itself, or that would frame content (RFC 9110 8.6). */
const NOT_WITH_101: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'content-length',
]);

function switchLines(fields: readonly string[]): string {
  let lines = '';
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (!NOT_WITH_101.has(name)) lines += `${name}: ${fields[i + 1]}\r\n`;
  }
  return lines;
}
