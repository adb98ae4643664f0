/** The tries of one request: which peer has it, which had it, and whether another may. */
import type { ClientConnection } from '../../http1/client-connection.ts';
import { threadClock } from '../../http1/clock.ts';
import type { HttpRequest } from '../http/request.ts';
import { Attempt } from './attempt.ts';
import type { UpstreamGroup } from './groups.ts';
import {
  caseOfStatus,
  isNonIdempotent,
  NEXT_HTTP_403,
  NEXT_HTTP_404,
  NEXT_NON_IDEMPOTENT,
} from './next.ts';
import type { Peer, PeerOutcome } from './peers.ts';
import type { ProxyPlan } from './plan.ts';

/** See the top of the file. */
export class Tries {
  /** The present try, or the last one. */
  attempt: Attempt | undefined = undefined;
  /** Who has the request now. */
  peer: Peer | undefined = undefined;
  readonly #r: HttpRequest;
  readonly #plan: ProxyPlan;
  readonly #group: UpstreamGroup;
  readonly #startedAt: number;
  #earlier: Attempt[] | undefined = undefined;
  #tried: Peer[] | undefined = undefined;
  /** Tries left, the present one included. */
  #left: number;

  constructor(r: HttpRequest, plan: ProxyPlan, group: UpstreamGroup) {
    this.#r = r;
    this.#plan = plan;
    this.#group = group;
    this.#startedAt = threadClock.monotonic;
    const { tries } = group.peers;
    this.#left = plan.nextTries !== 0 && tries > plan.nextTries ? plan.nextTries : tries;
  }

  /** Remembers the tries of an exchange before an internal redirect. */
  follow(before: Tries): void {
    this.#earlier = [...before.all(), new Attempt(undefined, this.#startedAt)];
  }

  /** Begins a try. `undefined` where no peer is live; the attempt then bears the group's name. */
  begin(): Peer | undefined {
    const peer = this.#group.peers.choose(this.#tried, this.#nowSeconds());
    if (this.attempt !== undefined) {
      if (this.#earlier === undefined) this.#earlier = [this.attempt];
      else this.#earlier.push(this.attempt);
    }
    const name = peer === undefined ? this.#group.name : peer.name;
    this.attempt = new Attempt(name, threadClock.monotonic);
    this.peer = peer;
    if (peer !== undefined) peer.conns++;
    return peer;
  }

  /** Milliseconds of the present try so far. */
  get elapsedMs(): number {
    return this.attempt === undefined ? 0 : threadClock.monotonic - this.attempt.startedAt;
  }

  /** A response head came, or a failure after the request was sent. */
  noteConnected(connection: ClientConnection): void {
    const attempt = this.attempt!;
    const { connectedAt } = connection;
    attempt.connectMs = connectedAt > attempt.startedAt ? connectedAt - attempt.startedAt : 0;
  }

  /** The present try is over; `status` where no response gave one. */
  finish(status: number): void {
    const { attempt } = this;
    if (attempt === undefined || attempt.responseMs >= 0) return;
    if (status !== 0) attempt.status = status;
    attempt.responseMs = this.elapsedMs;
  }

  /** What went over the connection so far, for the variables. */
  noteBytes(connection: ClientConnection): void {
    const { attempt } = this;
    if (attempt === undefined) return;
    attempt.bytesSent = connection.bytesSent;
    attempt.bytesReceived = connection.bytesReceived;
  }

  /** Gives the peer back. Returns whether it is now left alone for a while. */
  release(outcome: PeerOutcome, connection: ClientConnection | undefined): boolean {
    const { peer } = this;
    if (connection !== undefined) this.noteBytes(connection);
    if (peer === undefined) return false;
    this.peer = undefined;
    const { peers } = this.#group;
    this.#left = peers.isSingle ? 0 : Math.max(0, this.#left - 1);
    // A request that was answered tries nobody else.
    if (outcome !== 'good') this.#noteTried(peer);
    return peers.release(peer, outcome, this.#nowSeconds());
  }

  #noteTried(peer: Peer): void {
    if (this.#tried === undefined) this.#tried = [peer];
    else this.#tried.push(peer);
  }

  /** nginx: the failure of a kept connection does not use up a try. */
  forgive(): void {
    this.#left++;
  }

  /** Whether a try is left and the rules allow it. nginx `ngx_http_upstream_next`. */
  mayGoOn(reason: number, isSent: boolean, isStreaming: boolean): boolean {
    return this.#left > 0 && this.#isAllowed(reason, isSent, isStreaming);
  }

  /** Whether a response of this status goes to the next peer. nginx `ngx_http_upstream_test_next`. */
  mayLeave(status: number, isStreaming: boolean): boolean {
    const reason = caseOfStatus(status);
    return reason !== 0 && this.#left > 1 && this.#isAllowed(reason, true, isStreaming);
  }

  #isAllowed(reason: number, isSent: boolean, isStreaming: boolean): boolean {
    const { nextUpstream, nextTimeoutMs } = this.#plan;
    if (isSent && isStreaming) return false;
    const isRepeat = isSent && isNonIdempotent(this.#r.method);
    const cases = isRepeat ? reason | NEXT_NON_IDEMPOTENT : reason;
    if ((nextUpstream & cases) !== cases) return false;
    return nextTimeoutMs === 0 || threadClock.monotonic - this.#startedAt < nextTimeoutMs;
  }

  #nowSeconds(): number {
    return Math.floor(this.#r.thread.clock.now / 1000);
  }

  /** Every try so far, those before an internal redirect included. */
  all(): readonly Attempt[] {
    const { attempt } = this;
    if (this.#earlier === undefined) return attempt === undefined ? [] : [attempt];
    return attempt === undefined ? this.#earlier : [...this.#earlier, attempt];
  }
}

/** How a peer is judged for a case that ends its try: 403 and 404 are not its fault. */
export function outcomeOf(reason: number): PeerOutcome {
  return reason === NEXT_HTTP_403 || reason === NEXT_HTTP_404 ? 'next' : 'failed';
}
