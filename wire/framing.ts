/** Where a message's content ends, RFC 9112 6.3, and which fields end at this hop, RFC 9110 7.6.1. */
import { isSameToken } from './characters.ts';
import type { RequestHead, ResponseHead } from './exchange.ts';
import { splitList } from './token-list.ts';

/** No content follows the head. */
export const NO_CONTENT = 0;
/** `head.contentLength` bytes follow. */
export const BY_LENGTH = 1;
/** Chunks follow. */
export const BY_CHUNKS = 2;
/** Everything up to the end of the connection is content; responses only. */
export const UNTIL_CLOSE = 3;
/** The connection is no longer HTTP: 101, or 2xx to CONNECT. */
export const TUNNEL = 4;

/** One of NO_CONTENT, BY_LENGTH, BY_CHUNKS, UNTIL_CLOSE and TUNNEL. */
export type Framing = 0 | 1 | 2 | 3 | 4;

/**
 * How a request's content is framed. A length of 0 counts as no content.
 */
export function requestFraming(head: RequestHead): Framing {
  if (head.isChunked) return BY_CHUNKS;
  return head.contentLength > 0 ? BY_LENGTH : NO_CONTENT;
}

/** Whether a response of this status never has content: 1xx, 204 and 304, RFC 9112 6.3 item 1. */
export function isStatusWithoutContent(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}

/**
 * How a response's content is framed.
 *
 * @param method of the request that it answers
 */
export function responseFraming(head: ResponseHead, method: string): Framing {
  const { status } = head;
  if (status === 101) return TUNNEL;
  if (method === 'HEAD' || isStatusWithoutContent(status)) return NO_CONTENT;
  // RFC 9112 6.3 item 2: Content-Length and Transfer-Encoding are ignored here.
  if (method === 'CONNECT' && status < 300) return TUNNEL;
  if (head.isChunked) return BY_CHUNKS;
  if (head.contentLength < 0) return UNTIL_CLOSE;
  return head.contentLength === 0 ? NO_CONTENT : BY_LENGTH;
}

/**
 * Whether content could follow a response that must have none, RFC 9112 6.3 item 1: its head says
 * so, or, to HEAD, does not rule it out. A server that lets an application answer HEAD as GET
 * (Gunicorn) sends it, and it would be read as the answer to the next request.
 *
 * @param method of the request that it answers
 */
export function mayHaveStrayContent(head: ResponseHead, method: string): boolean {
  if (method === 'HEAD') return head.contentLength !== 0;
  if (!isStatusWithoutContent(head.status)) return false;
  return head.isChunked || head.contentLength > 0;
}

/**
 * Whether a field always concerns one connection alone and is not sent onward, RFC 9110 7.6.1:
 * Connection, Keep-Alive, Proxy-Connection, TE, Trailer, Transfer-Encoding and Upgrade.
 */
export function isHopByHop(name: string): boolean {
  switch (name.length) {
    case 2:
      return isSameToken(name, 'te');
    case 7:
      return isSameToken(name, 'upgrade') || isSameToken(name, 'trailer');
    case 10:
      return isSameToken(name, 'connection') || isSameToken(name, 'keep-alive');
    case 16:
      return isSameToken(name, 'proxy-connection');
    case 17:
      return isSameToken(name, 'transfer-encoding');
    default:
      return false;
  }
}

/**
 * Whether the sender named this field in Connection, so that it ends at this hop too. The fields
 * that frame, route or authorise a message stay even where named: dropping them by a client's wish
 * would change what the next hop reads.
 *
 * @param connection the joined Connection field, `undefined` where there was none
 */
export function isNamedByConnection(name: string, connection: string | undefined): boolean {
  if (connection === undefined || isSameToken(connection, 'keep-alive')) return false;
  const lower = name.toLowerCase();
  return !isEndToEnd(lower) && splitList(connection.toLowerCase()).includes(lower);
}

/** RFC 9110 7.6.1: a sender must not name fields meant for all recipients. */
function isEndToEnd(lower: string): boolean {
  switch (lower) {
    case 'host':
    case 'content-length':
    case 'content-type':
    case 'authorization':
    case 'cookie':
    case 'cache-control':
    case 'forwarded':
    case 'x-forwarded-for':
    case 'x-forwarded-host':
    case 'x-forwarded-proto':
    case 'x-real-ip':
      return true;
    default:
      return false;
  }
}
