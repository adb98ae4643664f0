/**
 * The application tier's policy: as many worker processes as wanted. One that was ready and ends is
 * replaced at once, one that never got ready with back-off; all of them in a rolling way that waits
 * for each successor.
 */
import { EventEmitter } from 'node:events';
import { Backoff, type BackoffOptions } from './backoff.ts';
import type { Master } from './master.ts';
import type { ThreadExit, WorkerExit, WorkerSpec } from './types.ts';
import type { WorkerProcess } from './worker-process.ts';

export interface PoolEvents {
  /** A worker process was spawned: attach listeners for its messages here. */
  spawn: [worker: WorkerProcess];
  ready: [worker: WorkerProcess];
  exit: [worker: WorkerProcess, exit: WorkerExit];
  threadExit: [worker: WorkerProcess, exit: ThreadExit];
  /** The next attempt comes after `delayMs`. */
  retry: [delayMs: number, failures: number];
}

export interface PoolOptions {
  readonly size: number;
  /** The spec of the next worker, asked for every spawn. */
  readonly spec: () => WorkerSpec;
  /** How long a worker may drain before it is killed (Gunicorn's graceful_timeout). */
  readonly drainTimeoutMs: number;
  readonly backoff?: BackoffOptions;
  /**
   * Whether a worker that ended by itself is followed by another; yes where left out. Gunicorn's
   * exit codes 3 and 4 before any worker was ready end the service: answer false and stop.
   */
  readonly mayRespawn?: (exit: WorkerExit, worker: WorkerProcess) => boolean;
}

/** What became of a rolling replacement. */
export type Roll =
  | { readonly ok: true; readonly replaced: number }
  | { readonly ok: false; readonly replaced: number; readonly exit: WorkerExit };

/** One per master of the application tier. */
export class Pool extends EventEmitter<PoolEvents> {
  drainTimeoutMs: number;
  readonly #master: Master;
  readonly #options: PoolOptions;
  readonly #backoff: Backoff;
  readonly #members = new Set<WorkerProcess>();
  #size: number;
  #turn: Promise<unknown> = Promise.resolve();
  #retryTimer: NodeJS.Timeout | undefined;
  /** Places of workers that never got ready: empty until the retry. */
  #waiting = 0;
  /** Of workers that wait for another try at a successor. */
  readonly #retireTimers = new Set<NodeJS.Timeout>();
  #isRolling = false;
  #isStopping = false;

  constructor(master: Master, options: PoolOptions) {
    super();
    this.#master = master;
    this.#options = options;
    this.#size = options.size;
    this.drainTimeoutMs = options.drainTimeoutMs;
    this.#backoff = new Backoff(options.backoff);
  }

  /** Worker processes wanted. */
  get size(): number {
    return this.#size;
  }

  /** Those that serve or boot, oldest first; the ones that drain are not among them. */
  get members(): readonly WorkerProcess[] {
    return [...this.#members].filter((worker) => worker.state !== 'draining');
  }

  /** Spawns what is missing. */
  start(): void {
    this.#manage();
  }

  /** TTIN, TTOU: spawns what is missing, drains the oldest surplus. 0 is allowed. */
  resize(size: number): void {
    this.#size = size;
    this.#manage();
  }

  /**
   * Replaces every member, one at a time: the successor is ready before the oldest drains. The
   * first successor that fails ends it, and who is left goes on. Calls are served one after
   * another; a pool of 0 has nothing to replace. Earlier failures are forgotten, and what waits
   * for another try is started at once: whoever asks has mended something.
   */
  replaceAll(): Promise<Roll> {
    return this.#inTurn(async () => {
      this.#forgetFailures();
      const old = this.members;
      let replaced = 0;
      for (const worker of old) {
        const exit = await this.#succeed(worker);
        if (exit !== undefined) return { ok: false, replaced, exit };
        replaced += 1;
      }
      return { ok: true, replaced };
    });
  }

  /** Ends every worker; nothing is started any more. Call again with `quit` to hurry up. */
  async stop(how: 'drain' | 'quit', timeoutMs?: number): Promise<void> {
    this.#isStopping = true;
    this.#forgetFailures();
    for (const timer of this.#retireTimers) clearTimeout(timer);
    await this.#master.endWorkers(
      how,
      timeoutMs ?? (how === 'drain' ? this.drainTimeoutMs : undefined),
    );
  }

  /** Starts a successor and drains `worker` once that is ready; answers the exit of one that fails. */
  async #succeed(worker: WorkerProcess): Promise<WorkerExit | undefined> {
    if (this.#isStopping) return undefined;
    if (worker.state === 'gone' || worker.state === 'draining') return undefined;
    const successor = this.#spawn();
    if (!(await successor.whenReady())) {
      return successor.isToldToEnd ? undefined : successor.gone;
    }
    void worker.drain(this.drainTimeoutMs);
    return undefined;
  }

  #spawn(): WorkerProcess {
    const worker = this.#master.spawnWorker(this.#options.spec());
    this.#members.add(worker);
    worker.once('ready', () => {
      this.#backoff.reset();
      this.emit('ready', worker);
    });
    worker.once('exit', (exit) => this.#reap(worker, exit));
    worker.once('retire', () => this.#retire(worker));
    worker.once('leaving', () => {
      // An operator's TERM: replaced now, not after its last request. One that leaves while it
      // boots may be the application's own doing, over and over: there the exit counts.
      if (worker.wasReady && !worker.isToldToEnd) this.#manage();
    });
    worker.on('threadExit', (exit) => this.emit('threadExit', worker, exit));
    this.emit('spawn', worker);
    return worker;
  }

  /** Where its successor fails it serves on, and another is tried later. */
  #retire(worker: WorkerProcess): void {
    void this.#inTurn(async () => {
      const exit = await this.#succeed(worker);
      if (exit === undefined || this.#isStopping) return;
      const delayMs = this.#backoff.next();
      this.emit('retry', delayMs, this.#backoff.failures);
      const timer = setTimeout(() => {
        this.#retireTimers.delete(timer);
        this.#retire(worker);
      }, delayMs);
      this.#retireTimers.add(timer);
    });
  }

  #forgetFailures(): void {
    this.#backoff.reset();
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    this.#waiting = 0;
  }

  #reap(worker: WorkerProcess, exit: WorkerExit): void {
    this.#members.delete(worker);
    this.emit('exit', worker, exit);
    if (this.#isStopping) return;
    if (!exit.isExpected && !(this.#options.mayRespawn?.(exit, worker) ?? true)) return;
    if (exit.wasReady || exit.isExpected) this.#manage();
    else this.#retryLater();
  }

  /** The place of one that never got ready stays empty until the retry; the others do not wait. */
  #retryLater(): void {
    if (this.members.length + this.#waiting >= this.#size) return;
    this.#waiting += 1;
    if (this.#retryTimer !== undefined) return;
    const delayMs = this.#backoff.next();
    this.emit('retry', delayMs, this.#backoff.failures);
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      this.#waiting = 0;
      this.#manage();
    }, delayMs);
  }

  /** Gunicorn: manage_workers. */
  #manage(): void {
    if (this.#isStopping) return;
    const members = this.members;
    // While members are replaced there is one more than wanted, which is no surplus.
    const surplus = this.#isRolling ? 0 : Math.max(0, members.length - this.#size);
    for (const worker of members.slice(0, surplus)) void worker.drain(this.drainTimeoutMs);
    const missing = this.#size - this.#waiting - members.length;
    for (let count = 0; count < missing; count += 1) this.#spawn();
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(async () => {
      this.#isRolling = true;
      try {
        return await act();
      } finally {
        this.#isRolling = false;
        this.#manage();
      }
    });
    this.#turn = result.catch(() => {}); // The caller sees the rejection; the next turn must not.
    return result;
  }
}
