/**
 * One request and its tries with the peers of a group, until one answers or none is left.
 *
 * ```
 *   start ─> [content read whole] ─> CONNECT ─> WAITING ──head──> REPLY ──end──> OVER
 *                                       ^          │ failure, or a status to try again
 *                                       └──────────┘ while there are tries and the rules allow it
 *                                                  └──101──> TUNNEL
 * ```
 * See nginx `ngx_http_upstream.c`.
 */
import { ownBytes } from '../../http1/bytes.ts';
import type { ClientConnection } from '../../http1/client-connection.ts';
import type { ClientFailure, ResponseSink, TunnelOffer } from '../../http1/response-sink.ts';
import type { ResponseHead } from '../../wire/exchange.ts';
import type { Location } from '../http/location.ts';
import type { Producer } from '../http/phases.ts';
import type { HttpRequest } from '../http/request.ts';
import { CRIT, ERROR, INFO, WARN } from '../log/error-log.ts';
import { accelBuffering, accelRedirect, hasAccel } from './accel.ts';
import type { Attempt } from './attempt.ts';
import {
  type Action,
  caseOfFailure,
  failureLevel,
  failureText,
  isBeforeRequest,
} from './failure.ts';
import { caseOfStatus, NEXT_ERROR, statusOfCase } from './next.ts';
import { OutgoingRequest, type OutgoingUser } from './outgoing.ts';
import { PassProblem, type PassTarget } from './pass.ts';
import type { PeerOutcome } from './peers.ts';
import { IGNORE_BUFFERING, IGNORE_REDIRECT, type ProxyPlan } from './plan.ts';
import { linesOf } from './response-fields.ts';
import { outcomeOf, Tries } from './tries.ts';
import { TunnelPair, type TunnelPairOwner } from './tunnel-pair.ts';

const NONE: readonly string[] = [];

/** A response head is awaited, or what comes before it. */
const WAITING = 0;
/** The response is passed on. */
const REPLY = 1;
/** The response is read and dropped: the client has another answer, or none. */
const DROP = 2;
const TUNNEL = 3;
const OVER = 4;

/** Passes a request on as `plan` says. The request is in its hands from now on. */
export function startExchange(r: HttpRequest, plan: ProxyPlan): void {
  const target = plan.target ?? plan.evaluateTarget(r);
  if (target instanceof PassProblem) {
    r.logError(target.message);
    r.finalize(target.status);
    return;
  }
  new UpstreamExchange(r, plan, target).begin();
}

/** See the top of the file. Stays in `r.upstream` for the variables. */
export class UpstreamExchange implements ResponseSink, OutgoingUser, TunnelPairOwner {
  readonly target: PassTarget;
  /** Whose `proxy_pass` it is. */
  readonly location: Location;
  /** Head of the last response; `undefined` while there is none. */
  responseHead: ResponseHead | undefined = undefined;
  trailers: readonly string[] = NONE;
  /** Fields that go on after an X-Accel-Redirect; see the module's header filter. */
  kept: string | undefined = undefined;
  readonly #r: HttpRequest;
  readonly #plan: ProxyPlan;
  #state = WAITING;
  #connection: ClientConnection | undefined = undefined;
  readonly #tries: Tries;
  readonly #outgoing: OutgoingRequest;
  #isBuffering: boolean;
  /** Bytes the client has not taken yet, as far as it was asked to. */
  #waitingBytes = 0;
  #tunnels: TunnelPair | undefined = undefined;

  constructor(r: HttpRequest, plan: ProxyPlan, target: PassTarget) {
    this.#r = r;
    this.#plan = plan;
    this.target = target;
    this.location = r.location;
    this.#outgoing = new OutgoingRequest(r, plan, target, this);
    this.#isBuffering = plan.buffering;
    this.#tries = new Tries(r, plan, target.group);
  }

  begin(): void {
    const r = this.#r;
    const before = r.upstream;
    if (before instanceof UpstreamExchange) this.#follow(before);
    r.upstream = this;
    r.producer = new ClientSide(this);
    this.#outgoing.prepare();
  }

  /** An internal redirect led here: what was tried before is told by the variables too. */
  #follow(before: UpstreamExchange): void {
    this.#tries.follow(before.#tries);
    this.kept = before.kept;
  }

  requestReady(): void {
    if (this.#state === WAITING) this.#connect();
  }

  contentFailed(status: number): void {
    if (this.#state !== WAITING) return;
    this.#state = OVER;
    this.#r.finalize(status);
  }

  // The tries.

  #connect(): void {
    const peer = this.#tries.begin();
    if (peer === undefined) {
      this.#r.logError('no live upstreams while connecting to upstream');
      this.#answer(502);
      return;
    }
    const plan = this.#plan;
    const connection = this.target.group.pools.poolOf(peer, plan).take(plan.connectTimeoutMs);
    this.#connection = connection;
    this.#outgoing.send(connection, this);
  }

  /** Gives the peer back; the connection is the engine's own business. */
  #release(outcome: PeerOutcome): void {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#outgoing.stop();
    const isLeftAlone = this.#tries.release(outcome, connection);
    if (isLeftAlone) this.#log(WARN, 'upstream server temporarily disabled');
  }

  #next(reason: number, isSent: boolean, isStale: boolean): void {
    const tries = this.#tries;
    tries.finish(statusOfCase(reason));
    this.#release(outcomeOf(reason));
    if (isStale && reason === NEXT_ERROR) tries.forgive();
    if (tries.mayGoOn(reason, isSent, this.#outgoing.isStreaming)) this.#connect();
    else this.#answer(statusOfCase(reason));
  }

  /** Ends without an upstream's response. */
  #answer(status: number): void {
    this.#tries.finish(status);
    this.#state = OVER;
    this.#r.finalize(status);
  }

  // The response.

  informational(_head: ResponseHead): void {
    // nginx: ngx_http_upstream_process_header skips 1xx; 103 too, unless `early_hints` asks for it.
  }

  head(head: ResponseHead): void {
    const { status } = head;
    this.#noteHead(head);
    if (status >= 300 && (this.#triesNextFor(status) || this.#intercepts(head))) return;
    if (hasAccel(head.fields) && this.#obeysAccel(head)) return;
    this.#state = REPLY;
    const r = this.#r;
    if (r.isDone) {
      this.#state = DROP;
      return;
    }
    this.#plan.fields.fill(r, head);
    // A filter that refuses makes another answer, which abandons this one.
    r.sendHead();
  }

  #noteHead(head: ResponseHead): void {
    const tries = this.#tries;
    const attempt = tries.attempt!;
    attempt.headerMs = tries.elapsedMs;
    attempt.status = head.status;
    tries.noteConnected(this.#connection!);
    this.responseHead = head;
  }

  #triesNextFor(status: number): boolean {
    if (!this.#tries.mayLeave(status, this.#outgoing.isStreaming)) return false;
    this.#connection!.abort();
    this.#next(caseOfStatus(status), true, false);
    return true;
  }

  /** `proxy_intercept_errors`: a status that an error page is for. */
  #intercepts(head: ResponseHead): boolean {
    const r = this.#r;
    const { status } = head;
    if (!this.#plan.interceptsErrors || r.isDone) return false;
    if (!r.location.errorPages.some((page) => page.status === status)) return false;
    this.#leaveRest();
    // RFC 9110 11.6.1: without its challenges a 401 tells the client nothing.
    if (status === 401) r.extraLines = linesOf(head.fields, 'www-authenticate');
    r.finalize(status);
    return true;
  }

  /** X-Accel-Redirect and X-Accel-Buffering. True where the reply comes from elsewhere. */
  #obeysAccel(head: ResponseHead): boolean {
    const { ignoredFields, services } = this.#plan;
    const r = this.#r;
    if ((ignoredFields & IGNORE_BUFFERING) === 0) {
      this.#isBuffering = accelBuffering(head.fields) ?? this.#isBuffering;
    }
    if ((ignoredFields & IGNORE_REDIRECT) !== 0 || r.isDone) return false;
    const location = accelRedirect(head.fields);
    if (location === undefined) return false;
    this.#leaveRest();
    this.kept = (this.kept ?? '') + this.#plan.fields.takeKept(r, head);
    services.accelRedirect(r, location);
    return true;
  }

  /** The content of this response is not wanted: a short rest is read, so the connection is kept. */
  #leaveRest(): void {
    const { contentLength, status } = this.responseHead!;
    this.#r.producer = undefined;
    if (
      contentLength === 0 ||
      status === 204 ||
      status === 304 ||
      this.#outgoing.method === 'HEAD'
    ) {
      this.#state = DROP;
      // The answer from elsewhere may be logged before the end of this one is read.
      this.#tries.finish(0);
      this.#tries.noteBytes(this.#connection!);
      return;
    }
    this.#closeUpstream();
  }

  #closeUpstream(): void {
    const connection = this.#connection;
    this.#state = OVER;
    this.#tries.finish(0);
    this.#release('good');
    connection?.abort();
  }

  data(bytes: Uint8Array, from: number, to: number, text: string | undefined): void {
    this.#tries.attempt!.responseLength += to - from;
    if (this.#state !== REPLY) return;
    const hasRoom = this.#r.write(text ?? ownBytes(bytes, from, to));
    if (!this.#isBuffering) this.#r.flush();
    if (hasRoom) return;
    this.#waitingBytes += to - from;
    if (!this.#isBuffering || this.#waitingBytes >= this.#plan.buffersSize) {
      this.#connection?.pause();
    }
  }

  end(trailers: readonly string[]): void {
    if (this.#state === OVER) return;
    const isReply = this.#state === REPLY;
    this.trailers = trailers;
    this.#tries.finish(0);
    this.#release('good');
    this.#state = OVER;
    if (isReply) this.#r.end(undefined, this.#passedTrailers());
  }

  #passedTrailers(): string | undefined {
    const { trailers } = this;
    if (!this.#plan.passesTrailers || trailers.length === 0) return undefined;
    let lines = '';
    for (let i = 0; i < trailers.length; i += 2) lines += `${trailers[i]}: ${trailers[i + 1]}\r\n`;
    return lines;
  }

  failed(failure: ClientFailure): void {
    if (this.#state === OVER) return;
    const r = this.#r;
    const isWaiting = this.#state === WAITING;
    const isSent = !isBeforeRequest(failure);
    this.#log(failureLevel(failure), failureText(failure, this.#tries.peer?.name ?? ''));
    if (isWaiting) {
      if (isSent) this.#tries.noteConnected(this.#connection!);
      if (r.isDone) this.#closeUpstream();
      else this.#next(caseOfFailure(failure), isSent, failure.stale);
      return;
    }
    const wasReply = this.#state === REPLY;
    this.#state = OVER;
    this.#tries.finish(0);
    this.#release('failed');
    if (wasReply) r.abort();
  }

  connected(): void {
    this.#outgoing.connected();
  }

  /** The upstream can take more request content. */
  drained(): void {
    this.#outgoing.drained();
  }

  // The client.

  /** The client can take more. */
  clientDrained(): void {
    this.#waitingBytes = 0;
    this.#connection?.resume();
  }

  /** nginx `ngx_http_upstream_check_broken_connection`: who sends FIN is taken to have left. */
  clientInputEnded(): void {
    if (this.#state === TUNNEL || this.#plan.ignoresClientAbort) return;
    this.#r.abort();
  }

  /** The client is gone, or another answer took the place of this one. */
  abandon(): void {
    if (this.#state === OVER) return;
    const r = this.#r;
    if (this.#tunnels !== undefined) {
      this.#tunnels.destroy();
      return;
    }
    if (this.#plan.ignoresClientAbort && r.isDone && this.#connection !== undefined) {
      if (this.#state === REPLY) this.#state = DROP;
      this.#connection.resume();
      return;
    }
    if (r.isDone && this.#connection !== undefined) {
      this.#log(INFO, 'client prematurely closed connection, so upstream connection is closed too');
    }
    this.#closeUpstream();
  }

  contentStopped(status: number): void {
    if (this.#state === OVER) return;
    this.#closeUpstream();
    if (!this.#r.isDone) this.#r.finalize(status);
  }

  fileFailed(error: Error): void {
    if (this.#state === OVER) return;
    this.#r.log(CRIT, `reading request content failed: ${error.message}`);
    this.#closeUpstream();
    this.#r.finalize(500);
  }

  /** The peer and its connection are given back, whatever became of the request. */
  threw(error: unknown): void {
    const r = this.#r;
    try {
      this.#tunnels?.destroy();
      if (this.#state !== OVER && this.#tunnels?.isJoined !== true) this.#closeUpstream();
    } catch (further) {
      r.threw(further);
    }
    r.threw(error);
  }

  // Tunnels.

  upgraded(head: ResponseHead, offer: TunnelOffer): void {
    const r = this.#r;
    this.#noteHead(head);
    const isNamed = linesOf(head.fields, 'upgrade') !== '';
    if (r.isDone || r.head.upgrade === undefined || !isNamed || head.status !== 101) {
      this.#log(ERROR, 'upstream switched protocols without being asked');
      this.#next(NEXT_ERROR, true, false);
      return;
    }
    this.#plan.fields.fill(r, head);
    const pair = new TunnelPair(this, this.#plan.times.readTimeoutMs);
    const lines = this.#plan.services.upgradeLines(r);
    this.#state = TUNNEL;
    this.#tunnels = pair;
    r.isHeadSent = true;
    const reason = head.reason === '' ? 'Switching Protocols' : head.reason;
    // Known to the pair at once: what throws from here on still closes it.
    pair.client.tunnel = r.exchange.upgrade(101, reason, lines, pair.client);
    pair.join(offer.takeTunnel(pair.upstream));
  }

  tunnelTimedOut(): void {
    this.#log(ERROR, 'upstream timed out (110: Connection timed out)');
  }

  tunnelEnding(): void {
    this.#tries.attempt!.responseLength = this.#tunnels!.upstream.receivedBytes;
    this.#tries.finish(0);
  }

  tunnelOver(): void {
    if (this.#state === OVER) return;
    this.tunnelEnding();
    this.#release('good');
    this.#state = OVER;
  }

  // For variables and the log.

  /** Every try so far. */
  allAttempts(): readonly Attempt[] {
    return this.#tries.all();
  }

  #log(level: number, message: string): void {
    this.#r.log(level, `${message} while ${this.#action()}`);
  }

  #action(): Action {
    if (this.#state === TUNNEL) return 'proxying upgraded connection';
    if (this.#state !== WAITING) return 'reading upstream';
    const connection = this.#connection;
    if (connection === undefined || connection.connectedAt === 0) return 'connecting to upstream';
    return this.#outgoing.isSending
      ? 'sending request to upstream'
      : 'reading response header from upstream';
  }

  /** nginx `ngx_http_log_error_handler`: the peer and what was asked of it. */
  logContext(): string {
    const peer = this.#tries.attempt?.peer;
    if (peer === undefined) return '';
    const separator = peer.startsWith('unix:') ? ':' : '';
    return `, upstream: "${this.target.scheme}${peer}${separator}${this.#outgoing.sentTarget}"`;
  }
}

/** Hears of the client's side for an exchange. */
class ClientSide implements Producer {
  readonly #exchange: UpstreamExchange;

  constructor(exchange: UpstreamExchange) {
    this.#exchange = exchange;
  }

  drained(): void {
    this.#exchange.clientDrained();
  }

  abandon(): void {
    this.#exchange.abandon();
  }

  inputEnded(): void {
    this.#exchange.clientInputEnded();
  }
}
