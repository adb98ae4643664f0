/** Runs the entry module on one thread, wherever that thread is: answers commands, tells events. */
import { flushCompileCache } from 'node:module';
import { textOf } from './errno.ts';
import type { FromThread, ThreadBoot, ToThread } from './protocol.ts';
import type {
  BootFailure,
  ProcessEntry,
  RunningThread,
  ThreadEntry,
  ThreadListener,
} from './types.ts';

/** Gunicorn's WORKER_BOOT_ERROR. */
const BOOT_ERROR = 3;

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

/** What the master is told of an error that stopped the boot. */
export function describeFailure(
  error: unknown,
  threadIndex: number,
  listeners: readonly ThreadListener[],
): BootFailure {
  const isError = error instanceof Error;
  return {
    threadIndex,
    name: isError ? error.name : typeof error,
    message: isError ? error.message : String(error),
    stack: isError ? (error.stack ?? '') : '',
    code: textOf(error, 'code'),
    syscall: textOf(error, 'syscall'),
    listener: listenerOf(error, listeners),
  };
}

/** The numeric `exitCode` of an error, 3 where it has none. */
export function exitCodeOf(error: unknown): number {
  const own: unknown =
    typeof error === 'object' && error !== null && Reflect.get(error, 'exitCode');
  return Number.isInteger(own) && typeof own === 'number' && own > 0 ? own : BOOT_ERROR;
}

/** The listener an error names: by `fd` (see `listenOn`), else by the address Node put in. */
function listenerOf(error: unknown, listeners: readonly ThreadListener[]) {
  if (typeof error !== 'object' || error === null) return undefined;
  const fd: unknown = Reflect.get(error, 'fd');
  const address: unknown = Reflect.get(error, 'address');
  const port: unknown = Reflect.get(error, 'port');
  const found = listeners.find(({ spec, fd: own }) => {
    if (own === fd) return true;
    return spec.kind === 'tcp'
      ? spec.host === address && spec.port === port
      : spec.path === address;
  });
  return found?.spec ?? (listeners.length === 1 ? listeners[0]?.spec : undefined);
}

function isThreadEntry(loaded: unknown): loaded is ThreadEntry {
  if (typeof loaded !== 'object' || loaded === null) return false;
  return 'startThread' in loaded && typeof loaded.startThread === 'function';
}

function isProcessEntry(loaded: unknown): loaded is ProcessEntry {
  if (typeof loaded !== 'object' || loaded === null) return false;
  return 'startProcess' in loaded && typeof loaded.startProcess === 'function';
}
