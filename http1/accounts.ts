/**
 * The connections of one thread, over all its listeners: how many there are, who is idle, when to
 * stop accepting, and how they end when the thread drains.
 */
import { balancePauseMs, mustYield, type ThreadBalance } from './balance.ts';
import { reportFault } from './fault.ts';
import { type Timers, threadTimers } from './timers.ts';

/** A connection that is counted. */
export interface Member {
  /** The thread drains: an idle connection closes after `quietMs` of quiet. */
  drain(quietMs: number): void;
  /** Closes now, whatever is under way. */
  destroy(): void;
}

/** Something that accepts and can be told to wait. */
export interface Acceptor {
  pause(): void;
  resume(): void;
  /** Stops accepting for good. */
  close(): void;
}

export interface AccountsOptions {
  /** nginx `worker_connections`: accepting pauses at this many; 0 is no limit. */
  readonly connectionLimit?: number;
  /** Shared counts by which the threads of a process share connections evenly. */
  readonly balance?: ThreadBalance | undefined;
  readonly timers?: Timers;
}

const TELL_AGAIN_MS = 60_000;

/** See the top of the file. One per thread. */
export class Accounts {
  /** Connections accepted since the start. */
  accepted = 0;
  /** Connections open now, idle ones and tunnels included. */
  active = 0;
  /** Connections that wait for a request. */
  idle = 0;
  /** Requests begun since the start, refused ones included. */
  requests = 0;
  /** Whether `drain` was called. */
  isDraining = false;
  readonly timers: Timers;
  #limit: number;
  #onFull: (() => void) | undefined = undefined;
  #mayTellAt = 0;
  readonly #balance: ThreadBalance | undefined;
  readonly #members = new Set<Member>();
  readonly #acceptors = new Set<Acceptor>();
  #isPaused = false;
  #yieldTimer: NodeJS.Timeout | undefined = undefined;
  #quietMs = 0;
  #whenEmpty: (() => void)[] = [];

  constructor(options: AccountsOptions = {}) {
    this.#limit = options.connectionLimit ?? 0;
    this.#balance = options.balance;
    this.timers = options.timers ?? threadTimers;
    if (this.#balance !== undefined) Atomics.store(this.#balance.counts, this.#balance.index, 0);
  }

  /** How long an idle connection stays while draining. */
  get quietMs(): number {
    return this.#quietMs;
  }

  /**
   * Pauses accepting at `places` connections where that is less than the limit so far, and tells
   * `onFull` when they are taken, once a minute at most. For open files: at EMFILE libuv would close
   * what it accepts, while a client in the backlog waits.
   */
  limitTo(places: number, onFull: () => void): void {
    if (this.#limit !== 0 && this.#limit <= places) return;
    this.#limit = places;
    this.#onFull = onFull;
  }

  addAcceptor(acceptor: Acceptor): void {
    this.#acceptors.add(acceptor);
    if (this.#isPaused) acceptor.pause();
  }

  removeAcceptor(acceptor: Acceptor): void {
    this.#acceptors.delete(acceptor);
  }

  add(member: Member): void {
    this.#members.add(member);
    this.accepted++;
    this.active++;
    const balance = this.#balance;
    if (balance !== undefined) Atomics.store(balance.counts, balance.index, this.active);
    if (this.#limit > 0 && this.active >= this.#limit) this.#fill();
    else if (balance !== undefined && mustYield(balance, this.active)) this.#yield();
  }

  remove(member: Member): void {
    if (!this.#members.delete(member)) return;
    this.active--;
    const balance = this.#balance;
    if (balance !== undefined) Atomics.store(balance.counts, balance.index, this.active);
    if (this.#isPaused && (this.#limit === 0 || this.active < this.#limit)) this.#resume();
    if (this.active === 0) this.#empty();
  }

  #fill(): void {
    this.#pause();
    if (this.#onFull === undefined || performance.now() < this.#mayTellAt) return;
    this.#mayTellAt = performance.now() + TELL_AGAIN_MS;
    this.#onFull();
  }

  /** Lets less loaded threads accept for a moment. */
  #yield(): void {
    this.#pause();
    this.#yieldTimer ??= setTimeout(() => {
      this.#yieldTimer = undefined;
      if (this.#limit === 0 || this.active < this.#limit) this.#resume();
    }, balancePauseMs);
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    for (const acceptor of this.#acceptors) acceptor.pause();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    clearTimeout(this.#yieldTimer);
    this.#yieldTimer = undefined;
    for (const acceptor of this.#acceptors) acceptor.resume();
  }

  /**
   * Graceful end: stops accepting; requests under way are answered with `Connection: close`, an
   * idle connection is answered once more or closed after `quietMs` of quiet. Resolves when no
   * connection is left; tunnels may take as long as they like.
   */
  drain(quietMs = 1000): Promise<void> {
    this.isDraining = true;
    this.#quietMs = quietMs;
    this.#closeAcceptors();
    for (const member of this.#members) {
      try {
        member.drain(quietMs);
      } catch (error) {
        reportFault(error);
        member.destroy();
      }
    }
    if (this.active === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  /** Fast end: stops accepting and drops every connection. Resolves when all are gone. */
  close(): Promise<void> {
    this.isDraining = true;
    this.#closeAcceptors();
    for (const member of this.#members) member.destroy();
    if (this.active === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  #closeAcceptors(): void {
    clearTimeout(this.#yieldTimer);
    this.#yieldTimer = undefined;
    for (const acceptor of this.#acceptors) acceptor.close();
    this.#acceptors.clear();
    // A thread that accepts nothing must not hold the others back.
    if (this.#balance !== undefined) Atomics.store(this.#balance.counts, this.#balance.index, -1);
  }

  #empty(): void {
    const resolves = this.#whenEmpty;
    this.#whenEmpty = [];
    for (const resolve of resolves) resolve();
  }
}
