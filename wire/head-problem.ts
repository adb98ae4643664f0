/** Why a head is refused: a value for the log and the answer, never an exception. */
import type { RequestHead, ResponseHead } from './exchange.ts';

/** The rule that was broken. Stable words, for metrics and tests. */
export type HeadProblemKind =
  | 'start-line-too-long'
  | 'field-too-long'
  | 'too-many-fields'
  | 'head-too-large'
  | 'method'
  | 'start-line'
  | 'version'
  | 'field-line'
  | 'field-name'
  | 'duplicate'
  | 'host'
  | 'missing-host'
  | 'content-length'
  | 'transfer-encoding'
  | 'unknown-coding';

/**
 * A refused head. `status` is the answer: 400, 414, 431, 494, 501 or 505 for a request, 502 for a
 * response. `message` is worded as in nginx's log. `head` holds what was read so far, every slot
 * set, so that it can be logged and given to `ExchangeHandler.refuse`; `head.length` is how much of
 * the text was looked at.
 */
export class HeadProblem<Head extends RequestHead | ResponseHead = RequestHead> {
  readonly status: number;
  readonly kind: HeadProblemKind;
  readonly message: string;
  readonly head: Head;

  constructor(status: number, kind: HeadProblemKind, message: string, head: Head) {
    this.status = status;
    this.kind = kind;
    this.message = message;
    this.head = head;
  }
}

/** What a reader inside this folder found wrong, before it is joined with the head. */
export class Fault {
  readonly status: number;
  readonly kind: HeadProblemKind;
  readonly message: string;

  constructor(status: number, kind: HeadProblemKind, message: string) {
    this.status = status;
    this.kind = kind;
    this.message = message;
  }
}

/** How much of a faulty line is quoted. */
const EXCERPT_LENGTH = 200;

/** A piece of a head for a message, cut to a bounded length, never beyond its line. */
export function excerpt(text: string, from = 0, to = text.length): string {
  return text.substring(from, Math.min(to, from + EXCERPT_LENGTH));
}
