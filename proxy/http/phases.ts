/**
 * The life of a request in nginx's phases, and what a step of a phase may answer.
 *
 * ```
 * post_read -> server_rewrite -> find_config -> rewrite -+-> preaccess -> access -> precontent -> content
 *                                    ^                   |                                          |
 *                                    +--- uri changed ---+ (at most 10 times)                      log
 * ```
 */
import type { HttpRequest } from './request.ts';

/**
 * What a step says: DECLINED (next step), OK (phase is satisfied), DONE (the step has taken the
 * request over and finishes it itself), or an HTTP status (answer with it).
 */
export type Verdict = number;

export const OK = 0;
/** From a header filter: the head waits for the body filter that it had join (`HeldReply`). */
export const AGAIN = -2;
export const DONE = -4;
export const DECLINED = -5;
/** nginx's own codes: 444 closes without an answer, 499 says that the client left. */
export const CLOSE = 444;
export const CLIENT_CLOSED_REQUEST = 499;

/** Returns a promise only where something really waits. */
export type Step = (r: HttpRequest) => Verdict | Promise<Verdict>;

export type PhaseName =
  | 'post_read'
  | 'server_rewrite'
  | 'rewrite'
  | 'preaccess'
  | 'access'
  | 'precontent'
  | 'content'
  | 'log';

/**
 * Changes the reply before its head leaves; called once per reply. Returns OK, a status to answer
 * with instead (412, 416), in which case the reply starts anew as that error, or AGAIN: it has had a
 * `HeldReply` join, the content stays there, and the filters behind see the reply when it is released.
 */
export type HeaderFilter = (r: HttpRequest) => Verdict;

/** Where reply content goes: the exchange itself, or a body filter in front of it. */
export interface BodyOutput {
  /**
   * Takes ownership of the chunk and of the memory that it is a view of: no other chunk may share that. A
   * string is latin1. False asks to wait for `drained`.
   */
  write(chunk: Uint8Array | string): boolean;
  /** What was written must reach the client soon: nobody may wait for more (nginx `b->flush`). */
  flush(): void;
  /** `trailers` is field lines as those of `writeHead`, undefined for none. */
  end(chunk?: Uint8Array | string, trailers?: string): void;
}

/** Who produces reply content and waits for room. */
export interface Producer {
  drained(): void;
  /** The client is gone or the request was ended; free everything; nothing follows. */
  abandon(problem: 'closed' | 'timeout'): void;
  /** The client has shut its writing side; it may still read. */
  inputEnded?(): void;
}
