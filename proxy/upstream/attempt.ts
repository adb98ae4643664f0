/** What is known of one try with one peer, for `$upstream_addr` and its like. See nginx `ngx_http_upstream_state_t`. */
export class Attempt {
  /** The peer's name; `undefined` separates groups, between an internal redirect and what was before. */
  peer: string | undefined;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** 0 until there is one. */
  status = 0;
  // Milliseconds since the start, -1 where it did not come to that.
  connectMs = -1;
  headerMs = -1;
  responseMs = -1;
  /** Content bytes. */
  responseLength = 0;
  bytesReceived = 0;
  bytesSent = 0;

  constructor(peer: string | undefined, startedAt: number) {
    this.peer = peer;
    this.startedAt = startedAt;
  }
}

/** Writes one figure of every attempt: `, ` between peers, ` : ` between groups. */
export function describeAttempts(
  attempts: readonly Attempt[],
  figure: (attempt: Attempt) => string,
): string {
  let text = '';
  for (let i = 0; i < attempts.length; i++) {
    const attempt = attempts[i]!;
    if (attempt.peer === undefined) {
      if (i !== 0) text += ' : ';
      continue;
    }
    if (i !== 0 && attempts[i - 1]!.peer !== undefined) text += ', ';
    text += figure(attempt);
  }
  return text;
}

/** Seconds with three decimals, or `-`. */
export function secondsText(ms: number): string {
  return ms < 0 ? '-' : (ms / 1000).toFixed(3);
}
