/**
 * The front tier's policy: one worker process at a time serves, with all threads of a generation.
 * A new generation takes over when it is ready; one that fails leaves the old serving. One that
 * served and ends is replaced at once; a replacement that does not get ready is tried again with
 * back-off.
 */
import { EventEmitter } from 'node:events';
import { Backoff, type BackoffOptions } from './backoff.ts';
import type { Master } from './master.ts';
import type { ThreadExit, WorkerExit, WorkerSpec } from './types.ts';
import type { WorkerProcess } from './worker-process.ts';

export interface GenerationsEvents {
  /** A worker process was spawned: attach listeners for its messages here. */
  spawn: [worker: WorkerProcess];
  /** It serves now; the former one, where there was one, drains. */
  serve: [worker: WorkerProcess, former: WorkerProcess | undefined];
  exit: [worker: WorkerProcess, exit: WorkerExit];
  /** A thread of the serving generation ended; the generation is replaced. */
  threadExit: [worker: WorkerProcess, exit: ThreadExit];
  /** The next attempt comes after `delayMs`. */
  retry: [delayMs: number, failures: number];
}

/** What became of a replacement. */
export type Replacement =
  | { readonly ok: true; readonly worker: WorkerProcess }
  /** `exit` is undefined where nothing was started, since the master is stopping. */
  | { readonly ok: false; readonly exit: WorkerExit | undefined };

export interface GenerationsOptions {
  /** How long an old generation may drain; undefined sets no limit (nginx's default). */
  readonly drainTimeoutMs?: number | undefined;
  readonly backoff?: BackoffOptions;
}

/**
 * A generation that a signal ends while it boots (the kernel short of memory, an operator) is started
 * again this often. Unlike one that fails, it says nothing against its spec.
 */
const TRIES_AFTER_SIGNAL = 5;

/** One per master of the front tier. */
export class Generations extends EventEmitter<GenerationsEvents> {
  /** May change with every configuration. */
  drainTimeoutMs: number | undefined;
  readonly #master: Master;
  readonly #backoff: Backoff;
  #spec: WorkerSpec | undefined;
  #serving: WorkerProcess | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #healTimer: NodeJS.Timeout | undefined;
  #isHurt = false;
  #isStopping = false;

  constructor(master: Master, options: GenerationsOptions = {}) {
    super();
    this.#master = master;
    this.drainTimeoutMs = options.drainTimeoutMs;
    this.#backoff = new Backoff(options.backoff);
  }

  /** The worker process that serves; undefined while none does. */
  get serving(): WorkerProcess | undefined {
    return this.#serving;
  }

  /**
   * Starts a generation, waits for it, and drains the former. Calls are served one after another.
   * After a failure the former goes on and its spec stays the one that is respawned.
   */
  replace(spec: WorkerSpec): Promise<Replacement> {
    return this.#inTurn(async () => {
      let outcome = await this.#attempt(spec);
      for (let left = TRIES_AFTER_SIGNAL; left > 0 && wasKilled(outcome); left -= 1) {
        outcome = await this.#attempt(spec);
      }
      if (outcome.ok) this.#spec = spec;
      return outcome;
    });
  }

  /** Ends every generation; nothing is started any more. Call again with `quit` to hurry up. */
  async stop(how: 'drain' | 'quit', timeoutMs?: number): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#healTimer);
    await this.#master.endWorkers(how, timeoutMs);
  }

  async #attempt(spec: WorkerSpec): Promise<Replacement> {
    if (this.#isStopping) return { ok: false, exit: undefined };
    const worker = this.#master.spawnWorker(spec);
    worker.once('exit', (exit) => this.#reap(worker, exit));
    worker.on('threadExit', (exit) => this.#threadExit(worker, exit));
    this.emit('spawn', worker);
    if (!(await worker.whenReady())) return { ok: false, exit: await worker.gone };
    this.#takeOver(worker);
    return { ok: true, worker };
  }

  #takeOver(worker: WorkerProcess): void {
    const former = this.#serving;
    this.#serving = worker;
    this.#isHurt = false;
    this.#backoff.reset();
    clearTimeout(this.#healTimer);
    this.#healTimer = undefined;
    this.emit('serve', worker, former);
    void former?.drain(this.drainTimeoutMs);
    if (this.#isStopping) void worker.drain(this.drainTimeoutMs);
  }

  #reap(worker: WorkerProcess, exit: WorkerExit): void {
    this.emit('exit', worker, exit);
    if (worker !== this.#serving) return;
    this.#serving = undefined;
    if (!exit.isExpected) this.#heal();
  }

  #threadExit(worker: WorkerProcess, exit: ThreadExit): void {
    this.emit('threadExit', worker, exit);
    if (worker === this.#serving) this.#heal();
  }

  /** Starts the last good spec anew, unless that is under way. */
  #heal(): void {
    if (this.#isHurt || this.#isStopping) return;
    this.#isHurt = true;
    this.#tryToHeal();
  }

  #tryToHeal(): void {
    void this.#inTurn(async () => {
      if (this.#spec === undefined || !this.#isHurt) return; // A reload has healed it.
      const outcome = await this.#attempt(this.#spec);
      if (outcome.ok || outcome.exit === undefined || this.#isStopping) return;
      const delayMs = this.#backoff.next();
      this.emit('retry', delayMs, this.#backoff.failures);
      this.#healTimer = setTimeout(() => this.#tryToHeal(), delayMs);
    });
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(act);
    this.#turn = result.catch(() => {}); // The caller sees the rejection; the next turn must not.
    return result;
  }
}

function wasKilled(outcome: Replacement): boolean {
  return !outcome.ok && outcome.exit?.signal != null && !outcome.exit.isExpected;
}
