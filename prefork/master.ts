/**
 * What every master does, whatever its policy: holds the listeners, starts worker processes, ends
 * them. It never accepts. `Generations` and `Pool` are the policies of the two tiers.
 */
import { ListenerSet } from './listeners.ts';
import type { BoundListener } from './sockets.ts';
import type { WorkerSpec } from './types.ts';
import { WorkerProcess } from './worker-process.ts';

/** One per master process. */
export class Master {
  readonly listeners = new ListenerSet();
  readonly #env: NodeJS.ProcessEnv;
  readonly #workers = new Set<WorkerProcess>();
  #lastAge = 0;

  /** `env` is what worker processes inherit. */
  constructor(env: NodeJS.ProcessEnv = process.env) {
    this.#env = env;
  }

  /** Every worker process that has not exited, oldest first. */
  get workers(): readonly WorkerProcess[] {
    return [...this.#workers];
  }

  /**
   * Starts a worker process. Throws a RangeError where `spec.listeners` names a key that is not
   * bound: prepare the listeners first.
   */
  spawnWorker(spec: WorkerSpec): WorkerProcess {
    const listeners = spec.listeners?.map((key) => this.#listener(key)) ?? this.listeners.all;
    this.#lastAge += 1;
    const worker = new WorkerProcess(spec, this.#lastAge, listeners, this.#env);
    this.#workers.add(worker);
    worker.once('exit', () => this.#workers.delete(worker));
    return worker;
  }

  /**
   * Ends every worker process and resolves when all are gone. Call again with `quit` to hurry up
   * what drains. Policies must be told first (`Pool.stop`, `Generations.stop`), or they respawn.
   */
  async endWorkers(how: 'drain' | 'quit', timeoutMs?: number): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker[how](timeoutMs)));
  }

  /** Passes USR1 on. */
  reopenLogs(): void {
    for (const worker of this.#workers) worker.reopenLogs();
  }

  #listener(key: string): BoundListener {
    const listener = this.listeners.get(key);
    if (listener === undefined) throw new RangeError(`no listener "${key}" is bound`);
    return listener;
  }
}
