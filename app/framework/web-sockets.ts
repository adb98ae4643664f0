/** WebSockets for views: who may open one, and what bounds it (package ws, RFC 6455). */

import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { refuseOpenEnd } from './open-ends.ts';
import { mayBeOfThisSite } from './same-origin.ts';
import type { RequestContext } from './views.ts';

/** Longest message of a client; beyond it the connection closes with 1009. */
const LONGEST_MESSAGE_BYTES = 1024;

/** A client that leaves more than this unread is cut off. */
const MOST_UNREAD_BYTES = 64 * 1024;

/** Below the minute after which proxies drop a silent connection (nginx's `proxy_read_timeout`). */
const BEAT_MS = 25_000;

/** Who is logged in is asked when a connection opens, so it opens anew each hour. */
const LIFE_BEATS = 144;

/** How long a client may take to answer a closing frame when the worker stops. */
const GOODBYE_MS = 2000;

/** Close codes: RFC 6455 7.4.1. */
export const GOING_AWAY = 1001;
const UNSUPPORTED_DATA = 1003;
export const POLICY_VIOLATION = 1008;

/** What a view does with a connection. */
export interface SocketHandler {
  /** A text message came. */
  message(text: string): void;
  /** The connection is over, however that came. */
  closed(): void;
}

/** The site's side of one WebSocket. */
export interface LiveSocket {
  /** Sends a text message; cuts off a client that does not read. */
  send(text: string): void;
  close(code: number): void;
}

const server = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  maxPayload: LONGEST_MESSAGE_BYTES,
});

/**
 * Takes the connection of `c` over as a WebSocket and gives it to `open`, which answers with what
 * handles it. A request of another site gets 403, one that asks for no WebSocket 426, one too many
 * 503. The connection beats every 25 seconds; it closes with 1001 when the worker stops or after an
 * hour, and with 1003 where the client sends bytes in place of text.
 */
export async function acceptWebSocket(
  c: RequestContext,
  open: (socket: LiveSocket) => SocketHandler,
): Promise<Response> {
  const { site } = c.var;
  if (!mayBeOfThisSite(c)) return site.errorPage(c, 403);
  if (!site.openEnds.hasRoom) return refuseOpenEnd(c);
  const offer = c.env?.upgrade?.();
  if (offer === undefined) {
    return c.text('This address only accepts WebSocket connections.\n', 426, {
      Upgrade: 'websocket',
    });
  }
  server.handleUpgrade(offer.request, offer.socket, offer.head, (socket) => {
    const live = { send: (text: string) => send(socket, text), close: socket.close.bind(socket) };
    const handler = open(live);
    const forget = site.openEnds.add(() => sayGoodbye(socket));
    const beat = keepBeating(socket);
    socket.on('message', (data, isBinary) => {
      if (isBinary) socket.close(UNSUPPORTED_DATA);
      else if (socket.readyState === socket.OPEN) handler.message(textOf(data));
    });
    // A client can make us answer pings that it never reads.
    socket.on('ping', () => cutOffWhereUnread(socket));
    // Faults of the protocol: ws has closed the connection with the code for it.
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(beat);
      forget();
      handler.closed();
    });
  });
  return c.body(null); // Dropped: the connection is no longer HTTP's.
}

function send(socket: WebSocket, text: string): void {
  if (socket.readyState === socket.OPEN && !cutOffWhereUnread(socket)) socket.send(text);
}

function cutOffWhereUnread(socket: WebSocket): boolean {
  const isUnread = socket.bufferedAmount > MOST_UNREAD_BYTES;
  if (isUnread) socket.terminate();
  return isUnread;
}

/** Pings; a client that has not answered the last ping by the next one is gone. */
function keepBeating(socket: WebSocket): NodeJS.Timeout {
  let isAlive = true;
  let beats = 0;
  socket.on('pong', () => {
    isAlive = true;
  });
  return setInterval(() => {
    if (!isAlive) socket.terminate();
    else if (++beats > LIFE_BEATS) sayGoodbye(socket);
    else socket.ping();
    isAlive = false;
  }, BEAT_MS);
}

function sayGoodbye(socket: WebSocket): void {
  socket.close(GOING_AWAY);
  setTimeout(() => socket.terminate(), GOODBYE_MS).unref();
}

function textOf(data: RawData): string {
  return Array.isArray(data)
    ? Buffer.concat(data).toString()
    : Buffer.from(data as Buffer).toString();
}
