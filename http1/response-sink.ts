/** What a client connection tells the one who sent the request. Types only. */
import type { ResponseHead, Tunnel, TunnelSink } from '../wire/exchange.ts';

/** How a request failed. */
export type ClientFailureKind =
  /** No connection: refused, no such socket, unreachable. */
  | 'connect'
  | 'connect-timeout'
  /** The peer took nothing of the request for the send timeout. */
  | 'send-timeout'
  /** The peer sent nothing for the read timeout. */
  | 'read-timeout'
  /** The connection broke with an error. */
  | 'reset'
  /** The response breaks RFC 9112 or exceeds a limit. */
  | 'malformed'
  /** The peer closed before the response was complete. */
  | 'premature-close';

/** Given once, and then nothing follows. The connection is gone. */
export interface ClientFailure {
  readonly kind: ClientFailureKind;
  /**
   * Whether a kept connection broke before the head of this response was complete: the peer may have
   * closed it for idleness before it saw the request, or is being restarted. Only the receiver knows if it may be sent again.
   */
  readonly stale: boolean;
  /** Node's error, with `code` and `syscall`, where there was one. */
  readonly cause: Error | undefined;
  /** For the log, where the response was malformed, in nginx's words; else ''. */
  readonly message: string;
}

/** The way to a tunnel, valid during `ResponseSink.upgraded`. */
export interface TunnelOffer {
  /** Takes the connection over; bytes that followed the head come after `upgraded` returned. */
  takeTunnel(sink: TunnelSink): Tunnel;
}

/**
 * Receives one response. The order is `informational`* then `head`, `data`*, `end`; or `upgraded`;
 * `failed` may take the place of anything. A small response comes in whole within one call of the
 * connection's, so that what is written elsewhere meanwhile leaves in one write.
 */
export interface ResponseSink {
  /** The connection, which was being made when the request was started, is there. */
  connected?(): void;
  /** A 1xx response other than 101. */
  informational(head: ResponseHead): void;
  head(head: ResponseHead): void;
  /**
   * Content: bytes `from`..`to`, borrowed until the call returns; `ownBytes` makes a copy to keep
   * or to write. `text` is the same in latin1 where it was decoded already, and is not borrowed.
   */
  data(bytes: Uint8Array, from: number, to: number, text: string | undefined): void;
  /** The response is complete; the connection has been kept or closed. */
  end(trailers: readonly string[]): void;
  failed(failure: ClientFailure): void;
  /** A `write` that returned false has room again. */
  drained(): void;
  /** A 101, or a 2xx to CONNECT. Without `takeTunnel` the connection closes. */
  upgraded(head: ResponseHead, offer: TunnelOffer): void;
  /** One of the above threw `error`, or the connection itself failed; nothing follows. */
  threw?(error: unknown): void;
}

/** Waiting times of one request in milliseconds; 0 is none. */
export interface ClientTimes {
  /** Between two successive writes (nginx `proxy_send_timeout`). */
  readonly sendTimeoutMs: number;
  /** Between two successive reads once the request is sent (nginx `proxy_read_timeout`). */
  readonly readTimeoutMs: number;
}
