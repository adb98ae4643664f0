/** Clients that hold connections: opened by the hundred, fed byte by byte, read or left unread. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Front } from '../harness/front.ts';
import type { Target } from '../harness/raw-client.ts';

/** What a busy machine never takes where a timeout is a few seconds, and less than the 60 that it is by default. */
export const TOO_LONG_MS = 10_000;

/** A connection, and what became of it. Whoever opens it destroys it. */
export class Held {
  readonly socket: net.Socket;
  /** Milliseconds since the epoch of the connect, and of the end; the latter 0 while it is open. */
  readonly openedAt = Date.now();
  closedAt = 0;
  /** Characters received so far, latin1. */
  received = '';

  constructor(target: Target) {
    this.socket =
      typeof target === 'number' ? net.connect(target, '127.0.0.1') : net.connect(target);
    this.socket.setNoDelay(true).setEncoding('latin1');
    // A reset is an end like others; `close` follows.
    this.socket.on('error', () => {});
    this.socket.once('close', () => {
      this.closedAt = Date.now();
    });
  }

  /** Takes in what comes. Without it nothing is read and the server's writes fill up. */
  read(): this {
    this.socket.on('data', (text: string) => {
      this.received += text;
    });
    return this;
  }

  async closed(): Promise<void> {
    // Not events.once: a reset would reject it.
    if (this.closedAt === 0) await new Promise((resolve) => this.socket.once('close', resolve));
  }

  /** Milliseconds that the server has held it. */
  get heldMs(): number {
    return this.closedAt - this.openedAt;
  }
}

/** Closes what is still open. */
export function destroyAll(clients: readonly Held[]): void {
  for (const { socket } of clients) socket.destroy();
}

/** Opens connections that are read; resolves when all are made. */
export async function openMany(target: Target, count: number): Promise<Held[]> {
  const clients = Array.from({ length: count }, () => new Held(target).read());
  await Promise.all(clients.map(({ socket }) => once(socket, 'connect')));
  return clients;
}

/** Feeds text byte by byte to all, one round each interval, until all are closed or it is used up. */
export async function dribble(
  clients: readonly Held[],
  text: string,
  everyMs: number,
): Promise<void> {
  for (const byte of text) {
    const open = clients.filter(({ closedAt }) => closedAt === 0);
    if (open.length === 0) return;
    for (const { socket } of open) if (socket.writable) socket.write(byte, 'latin1');
    await pause(everyMs);
  }
}

/**
 * Good clients, one after the other: each is answered 200, in the time that the harness waits, and
 * the first while all of `held` are: it waits for none of them.
 */
export async function goodClients(
  front: Front,
  count: number,
  held: readonly Held[] = [],
): Promise<void> {
  for (let i = 0; i < count; i++) {
    const { status } = await front.ask(
      'GET /good HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    assert.equal(status, 200);
    if (i === 0) for (const { closedAt } of held) assert.equal(closedAt, 0);
  }
}
