/** Runs the entry module on one thread, wherever that thread is: answers commands, tells events. */
import { flushCompileCache } from 'node:module';
import { describeFailure, exitCodeOf } from './boot-failure.ts';
import type { FromThread, ThreadBoot, ToThread } from './protocol.ts';
import type { ProcessEntry, RunningThread, ThreadEntry } from './types.ts';

/** Loads an entry module; throws a TypeError where it has no `startThread`. */
export async function loadThreadEntry(url: string): Promise<ThreadEntry> {
  const loaded: unknown = await import(url);
  if (!isThreadEntry(loaded)) throw new TypeError(`${url} does not export startThread`);
  return loaded;
}

/** Loads a process entry; throws a TypeError where it has no `startProcess`. */
export async function loadProcessEntry(url: string): Promise<ProcessEntry> {
  const loaded: unknown = await import(url);
  if (!isProcessEntry(loaded)) throw new TypeError(`${url} does not export startProcess`);
  return loaded;
}

/** One thread's life: start, accept, serve, drain or quit. */
export class ThreadRunner {
  readonly #boot: ThreadBoot;
  readonly #tell: (event: FromThread) => void;
  readonly #waiting: unknown[] = [];
  #running: RunningThread | undefined;
  #accepting: Promise<void> | undefined;
  #isServing = false;
  #isEnding = false;
  #isDone = false;

  constructor(boot: ThreadBoot, tell: (event: FromThread) => void) {
    this.#boot = boot;
    this.#tell = tell;
  }

  /** Loads and starts the entry; a failure is told, never thrown. */
  async start(): Promise<void> {
    const { entry: url, ...facts } = this.#boot;
    try {
      const entry = await loadThreadEntry(url);
      this.#running = await entry.startThread({
        ...facts,
        send: (message) => this.#tell({ type: 'message', message }),
        retire: () => this.#tell({ type: 'retire' }),
      });
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#tell({ type: 'started' });
  }

  /** Obeys the process's main thread. */
  handle(command: ToThread): void {
    switch (command.type) {
      case 'accept':
        this.#accepting = this.#accept();
        break;
      case 'drain':
        void this.#drain();
        break;
      case 'quit':
        void this.#quit();
        break;
      case 'reopen':
        this.#running?.reopenLogs?.();
        break;
      case 'message':
        this.#deliver(command.message);
        break;
    }
  }

  async #accept(): Promise<void> {
    try {
      await this.#running?.accept?.();
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#isServing = true;
    for (const message of this.#waiting.splice(0)) this.#running?.message?.(message);
    if (this.#isEnding) return;
    this.#tell({ type: 'ready' });
    setImmediate(flushCompileCache); // A worker that is killed later would save nothing.
  }

  #deliver(message: unknown): void {
    if (this.#isServing) this.#running?.message?.(message);
    else this.#waiting.push(message);
  }

  /** A thread that has not started has nothing to finish. */
  async #drain(): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    await this.#accepting;
    await this.#running?.drain();
    this.#done();
  }

  async #quit(): Promise<void> {
    this.#isEnding = true;
    await this.#running?.quit();
    this.#done();
  }

  #done(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#tell({ type: 'done' });
  }

  #fail(error: unknown): void {
    const { listeners, threadIndex } = this.#boot;
    const failure = describeFailure(error, threadIndex, listeners);
    this.#tell({ type: 'failed', failure, exitCode: exitCodeOf(error) });
  }
}

function isThreadEntry(loaded: unknown): loaded is ThreadEntry {
  if (typeof loaded !== 'object' || loaded === null) return false;
  return 'startThread' in loaded && typeof loaded.startThread === 'function';
}

function isProcessEntry(loaded: unknown): loaded is ProcessEntry {
  if (typeof loaded !== 'object' || loaded === null) return false;
  return 'startProcess' in loaded && typeof loaded.startProcess === 'function';
}
