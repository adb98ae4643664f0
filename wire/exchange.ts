/**
 * The seam between a protocol engine (http1/, proxy/http2) and whoever answers (the proxy's pipeline,
 * the appserver's fetch engine). Types only: nothing here runs.
 *
 * Ownership of bytes: a chunk given to a sink is borrowed, valid only until the call returns. Whoever
 * keeps it copies it. A chunk given to `write` or `end` belongs to the engine from then on and must
 * not be a view of a borrowed chunk.
 */

/** A request head as received, checked against RFC 9112 grammar. One shape, all slots always set. */
export interface RequestHead {
  /** The method as sent, case kept: `GET`. */
  readonly method: string;
  /** The request-target as sent, one latin1 character per byte. */
  readonly target: string;
  /** 9 for HTTP/0.9 (proxy only), 10, 11 or 20. */
  readonly version: number;
  /** Flat list name, value, name, value... in the order received, case kept, OWS trimmed, latin1. */
  readonly fields: readonly string[];

  // Noticed while scanning, `undefined` where absent. A repeated list field is joined with ", "
  // (Cookie with "; ").
  readonly host: string | undefined;
  /** Content-Length in bytes; -1 where absent. */
  readonly contentLength: number;
  /** Whether the content is in chunked transfer coding. */
  readonly isChunked: boolean;
  /** Whether the client asks to keep the connection (RFC 9112 9.3). */
  readonly keepAlive: boolean;
  readonly connection: string | undefined;
  readonly upgrade: string | undefined;
  readonly expectContinue: boolean;
  readonly acceptEncoding: string | undefined;
  readonly ifModifiedSince: string | undefined;
  readonly ifUnmodifiedSince: string | undefined;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly ifRange: string | undefined;
  readonly range: string | undefined;
  /** The first one, as of `referer`; see `repeatsSingleton`. */
  readonly userAgent: string | undefined;
  readonly referer: string | undefined;
  /** Whether User-Agent or Referer came more than once. */
  readonly repeatsSingleton: boolean;
  readonly via: string | undefined;
  readonly xForwardedFor: string | undefined;
  readonly cookie: string | undefined;
  readonly authorization: string | undefined;
  /** Bytes of the head with its final empty line. */
  readonly length: number;
}

/** A response head as received from an upstream. */
export interface ResponseHead {
  readonly version: number;
  readonly status: number;
  readonly reason: string;
  /** Flat list as in RequestHead. */
  readonly fields: readonly string[];
  /** Content-Length in bytes; -1 where absent. */
  readonly contentLength: number;
  readonly isChunked: boolean;
  /** Whether the connection may be used again after this response. */
  readonly keepAlive: boolean;
  readonly length: number;
}

/** What is known of a connection, set once when it is accepted. */
export interface ConnectionFacts {
  /** Textual address of the peer without zone; `unix:` for a Unix socket. */
  readonly remoteAddress: string;
  /** 0 for a Unix socket. */
  readonly remotePort: number;
  /** Address and port the peer connected to; for a Unix socket `unix:PATH` and 0. */
  readonly localAddress: string;
  readonly localPort: number;
  readonly isTls: boolean;
  /** Serial number of the connection, unique in the server (nginx `$connection`). */
  readonly serial: number;
}

/** Receives message content. Every method may be called during the call that attached the sink. */
export interface ContentSink {
  /**
   * Bytes `from`..`to` of `bytes`, borrowed. `text` is the same bytes as a latin1 string where the
   * engine had already decoded them, else `undefined`; a string is never borrowed.
   */
  data(bytes: Uint8Array, from: number, to: number, text: string | undefined): void;
  /** The content is complete. `trailers` is a flat list, empty where there were none. */
  end(trailers: readonly string[]): void;
  /**
   * The content will never be complete. Called once, nothing follows. `refusedBytes` is the length,
   * of the whole content or of the chunk, that was `too-large`; else 0.
   */
  fail(problem: ContentProblem, refusedBytes: number): void;
}

/**
 * Why content stopped: `closed` (peer went away), `timeout`, `malformed` (chunk framing),
 * `too-large` (beyond the limit given to `readContent`).
 */
export type ContentProblem = 'closed' | 'timeout' | 'malformed' | 'too-large';

/** Waiting times and limits that apply from now on to one connection; milliseconds. */
export interface ConnectionTimes {
  /** Between two successive reads of the request content. */
  readonly contentTimeoutMs: number;
  /** Between two successive writes of the response. */
  readonly sendTimeoutMs: number;
  /** Idle time before the next request; 0 closes after this response. */
  readonly keepaliveTimeoutMs: number;
  /** Value for a `Keep-Alive: timeout=` response field in seconds; 0 sends none. */
  readonly keepaliveHeaderSeconds: number;
  /** Requests one connection may carry before it is closed. */
  readonly keepaliveRequests: number;
  /** Longest life of a connection, counted from its first request. */
  readonly keepaliveTimeMs: number;
  /** `off`, `on` or `always`, nginx `lingering_close`. */
  readonly lingeringClose: 'off' | 'on' | 'always';
  readonly lingeringTimeMs: number;
  readonly lingeringTimeoutMs: number;
  /** Reset instead of closing when the peer timed out. */
  readonly resetTimedout: boolean;
}

/**
 * What the engine tells the one who answers. Exactly one of `finished` and `aborted` is called;
 * `Exchange.abort` calls `aborted` before it returns.
 */
export interface ExchangeOwner {
  /** A `write` that returned false has room again. */
  drained(): void;
  /** The response was handed to the kernel in full; nothing follows. */
  finished(): void;
  /**
   * The client went away, timed out or the exchange was aborted before the response was complete.
   * Called once, nothing follows.
   */
  aborted(problem: 'closed' | 'timeout'): void;
  /**
   * The client has shut its writing side before the response was complete: most have gone, a few
   * still read. Whoever works for the client alone may `abort`.
   */
  inputEnded?(): void;
  /**
   * The handler, a method of the owner or a sink of the request's content threw `error`: says so in
   * the log and ends the response, if it is not over. Without it the engine answers 500 or aborts.
   */
  threw?(error: unknown): void;
}

/** Both ways of a connection after an upgrade; bytes only. */
export interface Tunnel {
  /** Takes ownership of the chunk; false asks to wait for `drained`. */
  write(chunk: Uint8Array | string): boolean;
  /** Half-close after all that was written; false asks to wait for `drained` until the kernel has it. */
  end(): boolean;
  destroy(): void;
  pause(): void;
  resume(): void;
}

export interface TunnelSink {
  /** Borrowed bytes from the peer. */
  data(bytes: Uint8Array, from: number, to: number): void;
  drained(): void;
  /** The peer half-closed. */
  end(): void;
  /** The tunnel is gone; nothing follows. */
  closed(): void;
  /** One of the methods threw `error`; the tunnel is being destroyed, and `closed` follows. */
  threw?(error: unknown): void;
}

/** One request and its response. */
export interface Exchange {
  readonly head: RequestHead;
  readonly connection: ConnectionFacts;
  /** How many requests this connection carried, this one included (nginx `$connection_requests`). */
  readonly requestNumber: number;
  /** Whether the request had arrived before the response to the one before it was sent (nginx `$pipe`). */
  readonly isPipelined: boolean;
  /** Coarse epoch milliseconds of the first byte of the request. */
  readonly startedAt: number;
  /** Who hears of drain, completion and abort. Set by the handler before it returns. */
  owner: ExchangeOwner | undefined;
  /** Times that apply from now on. The handler sets it once it knows the server and location. */
  times: ConnectionTimes;
  /** Whether the connection stays open afterwards; a handler may turn it off before `writeHead`. */
  keepAlive: boolean;

  /** Whether `writeHead` was called. */
  readonly isHeadSent: boolean;
  /** Bytes written for this response, head and framing included (nginx `$bytes_sent`). */
  readonly bytesSent: number;
  /** Bytes of the response head among them; informational responses are not counted. */
  readonly headBytesSent: number;
  /** Content bytes written, without their framing. */
  readonly contentBytesSent: number;
  /** Bytes received for this request, head included (nginx `$request_length`). */
  readonly bytesReceived: number;

  /** Whether the request carries content (a length above 0, or chunked). */
  readonly hasContent: boolean;
  /**
   * Starts giving the request content to `sink`, with what came already within this call; sends
   * `100 Continue` first where it is asked for. May be called once. `limit` in bytes bounds the decoded content, 0 means no bound: beyond it
   * the sink fails with `too-large`.
   */
  readContent(sink: ContentSink, limit: number): void;
  /**
   * Throws the content away that came already and will come, where nobody asked for it: a client
   * that awaits `100 Continue` is sent it first if `isContinueDue`, and else sends nothing. False
   * where what came is malformed: the connection must close.
   */
  discardContent(isContinueDue: boolean): boolean;
  /** Stops and restarts the flow to the sink. Unread bytes stay bounded. */
  pauseContent(): void;
  resumeContent(): void;

  /** Sends an informational (1xx) response where the version allows it. */
  writeInformational(status: number, reason: string, lines: string): void;
  /**
   * Gives the response head. `lines` is complete field lines, each `Name: value` CRLF, in order,
   * without framing and connection fields: the engine adds Content-Length or Transfer-Encoding and
   * Connection itself. The writer of `lines` guarantees that no value holds CR, LF or NUL.
   * `contentLength` in bytes, or -1 where it is not known yet. For HEAD, 204 and 304 content is
   * dropped; for HEAD and 304 a known length is announced.
   * The head leaves together with the first content.
   */
  writeHead(status: number, reason: string, lines: string, contentLength: number): void;
  /** Writes content; a string is latin1, one byte per character. False asks to wait for `drained`. */
  write(chunk: Uint8Array | string): boolean;
  /** What was written leaves soon, whether or not more follows. */
  flush(): void;
  /**
   * Completes the response, with last content and trailer lines where given; trailers are dropped where
   * the framing has no place for them. Content that falls short of the length
   * announced aborts the connection. The unread rest of the request is discarded or lingered over.
   */
  end(chunk?: Uint8Array | string, trailers?: string): void;
  /** Gives up: closes the connection without completing the response. */
  abort(): void;
  /**
   * Sends a 101 head (`lines` includes Upgrade; the engine adds Connection: upgrade) or a 2xx to
   * CONNECT, and turns the connection into a tunnel. Bytes already received follow to the sink.
   */
  upgrade(status: number, reason: string, lines: string, sink: TunnelSink): Tunnel;
}

/** Why the engine refuses a request before the handler can see it as one. */
export interface Refusal {
  /** 400, 408, 413, 414, 417, 431, 501, 505; nginx-only 494 stands for a header that is too large. */
  readonly status: number;
  /** For the log, as nginx words it where it has words: `client sent invalid header line`. */
  readonly message: string;
}

/** Answers exchanges. */
export interface ExchangeHandler {
  /** Called once per request when its head is complete. */
  handle(exchange: Exchange): void;
  /**
   * Called where a head cannot be served; `exchange.head` holds what was read so far. The handler
   * answers through the exchange like any other; the connection closes afterwards.
   */
  refuse(exchange: Exchange, refusal: Refusal): void;
}
