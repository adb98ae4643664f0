/** One worker process as its master sees it: started, told, listened to, ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describeFailure } from './boot-failure.ts';
import { entryModule, WORKER_FLAGS, workerEnvironment } from './environment.ts';
import type { FromWorker, ToWorker, WorkerBoot } from './protocol.ts';
import type { BoundListener } from './sockets.ts';
import type {
  BootFailure,
  ThreadListener,
  WorkerEvents,
  WorkerExit,
  WorkerSpec,
  WorkerState,
} from './types.ts';

/** stdin, stdout, stderr and the channel come first. */
const FIRST_LISTENER_DESCRIPTOR = 4;
/** Gunicorn gives workers 2 s after SIGQUIT. */
const QUIT_LIMIT_MS = 2000;
const SPAWN_FAILED = 1;

/** Start one with `Master.spawnWorker`. */
export class WorkerProcess extends EventEmitter<WorkerEvents> {
  readonly spec: WorkerSpec;
  /** Serial number in its master: 1, 2, ... */
  readonly age: number;
  /** 0 where the process could not be spawned at all. */
  readonly pid: number;
  readonly startedAt = performance.now();
  state: WorkerState = 'booting';
  readonly #child: ChildProcess | undefined;
  readonly #gone: Promise<WorkerExit>;
  #wasReady = false;
  #isToldToEnd = false;
  #failure: BootFailure | undefined;
  #killTimer: NodeJS.Timeout | undefined;

  constructor(
    spec: WorkerSpec,
    age: number,
    listeners: readonly BoundListener[],
    env: NodeJS.ProcessEnv,
  ) {
    super();
    this.spec = spec;
    this.age = age;
    const { descriptors, threads } = layOut(listeners, spec.threads);
    const main = fileURLToPath(entryModule('prefork/worker'));
    const started = startChild(() =>
      spawn(process.execPath, [...WORKER_FLAGS, ...(spec.execArgv ?? []), main], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...descriptors],
        env: workerEnvironment(env, spec),
        serialization: 'advanced',
      }),
    );
    this.#child = started.child;
    this.pid = started.child?.pid ?? 0;
    this.#gone = this.#awaitExit(started);
    started.child?.on('message', (news: FromWorker) => this.#hear(news));
    this.#tell(bootMessage(spec, age, threads));
  }

  get wasReady(): boolean {
    return this.#wasReady;
  }

  /** Whether this master has told it to end. */
  get isToldToEnd(): boolean {
    return this.#isToldToEnd;
  }

  /** Resolves with the exit; never rejects. */
  get gone(): Promise<WorkerExit> {
    return this.#gone;
  }

  /** Resolves true when it is ready, false when it is gone or told to end before. */
  whenReady(): Promise<boolean> {
    if (this.state !== 'booting') return Promise.resolve(this.state === 'ready');
    return new Promise((resolve) => {
      this.once('ready', () => resolve(true));
      void this.#gone.then(() => resolve(false));
    });
  }

  /**
   * Graceful end: threads stop accepting and finish what runs. Still there after `timeoutMs`, it
   * is killed; without a limit it may take for ever. Call again to shorten the limit.
   */
  drain(timeoutMs?: number): Promise<WorkerExit> {
    this.#tell({ type: 'drain' });
    return this.#end(timeoutMs);
  }

  /** Fast end: what runs is dropped. Still there after `timeoutMs`, it is killed. */
  quit(timeoutMs: number = QUIT_LIMIT_MS): Promise<WorkerExit> {
    this.#tell({ type: 'quit' });
    return this.#end(timeoutMs);
  }

  /** Sends a signal. An exit by it is expected only where `drain` or `quit` came before. */
  kill(signal: NodeJS.Signals): boolean {
    return this.#child?.kill(signal) ?? false;
  }

  /** Sends to one thread, or to all. Structured clone. Dropped where the process is gone. */
  send(message: unknown, threadIndex?: number): void {
    this.#tell({ type: 'message', threadIndex, message });
  }

  /** Sends to the `RunningProcess` of its main thread. */
  sendToProcess(message: unknown): void {
    this.#tell({ type: 'message', threadIndex: -1, message });
  }

  /** Lets every thread open its log files anew. */
  reopenLogs(): void {
    this.#tell({ type: 'reopen' });
  }

  #end(timeoutMs: number | undefined): Promise<WorkerExit> {
    this.#isToldToEnd = true;
    if (this.state !== 'gone') this.state = 'draining';
    clearTimeout(this.#killTimer);
    if (timeoutMs !== undefined && this.state !== 'gone') {
      this.#killTimer = setTimeout(() => this.kill('SIGKILL'), timeoutMs);
    }
    return this.#gone;
  }

  #tell(command: ToWorker): void {
    // A worker on its way out has closed the channel: its exit is news enough.
    if (this.#child?.connected) this.#child.send(command, () => {});
  }

  #hear(news: FromWorker): void {
    switch (news.type) {
      case 'ready':
        this.#becomeReady();
        break;
      case 'leaving':
        if (this.state !== 'gone') this.state = 'draining';
        this.emit('leaving');
        break;
      case 'retire':
        this.emit('retire');
        break;
      case 'failed':
        this.#failure ??= news.failure;
        break;
      case 'threadExit':
        this.emit('threadExit', news.exit);
        break;
      case 'message':
        this.emit('message', news.message, news.threadIndex);
        break;
    }
  }

  #becomeReady(): void {
    if (this.state !== 'booting') return;
    this.state = 'ready';
    this.#wasReady = true;
    this.emit('ready');
  }

  async #awaitExit(started: Started): Promise<WorkerExit> {
    const { code, signal, error } = await started.ended;
    if (error !== undefined) this.#failure ??= describeFailure(error, -1, []);
    clearTimeout(this.#killTimer);
    this.state = 'gone';
    const exit: WorkerExit = {
      code,
      signal,
      wasReady: this.#wasReady,
      isExpected: this.#isToldToEnd,
      livedMs: performance.now() - this.startedAt,
      failure: this.#failure,
    };
    this.emit('exit', exit);
    return exit;
  }
}

/** Thread t's copy of listener l is descriptor 4 + t * listeners + l of the worker process. */
function layOut(listeners: readonly BoundListener[], threadCount: number) {
  const descriptors: number[] = [];
  const threads: ThreadListener[][] = [];
  for (let index = 0; index < threadCount; index += 1) {
    const own: ThreadListener[] = [];
    for (const { key, spec, descriptors: held } of listeners) {
      own.push({ key, spec, fd: FIRST_LISTENER_DESCRIPTOR + descriptors.length });
      descriptors.push(held[index % held.length]!);
    }
    threads.push(own);
  }
  return { descriptors, threads };
}

function bootMessage(
  spec: WorkerSpec,
  age: number,
  threads: readonly (readonly ThreadListener[])[],
): WorkerBoot {
  return {
    type: 'boot',
    entry: spec.entry.href,
    processEntry: spec.processEntry?.href,
    age,
    data: spec.data,
    shared: spec.shared ?? {},
    threads,
    title: spec.title,
    privileges: spec.privileges,
    onThreadExit: spec.onThreadExit,
    signals: spec.signals ?? {},
  };
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why there never was a process. */
  readonly error?: unknown;
}

interface Started {
  readonly child: ChildProcess | undefined;
  readonly ended: Promise<Ended>;
}

/** Node tells some failures by an event and throws others (E2BIG, ENOMEM): here all are an end. */
function startChild(start: () => ChildProcess): Started {
  try {
    const child = start();
    return { child, ended: childEnd(child) };
  } catch (error) {
    const ended = setImmediate({ code: SPAWN_FAILED, signal: null, error });
    return { child: undefined, ended };
  }
}

/** The exit, once the channel is read to its end too: the last news arrive after it. */
function childEnd(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      if (child.connected) child.once('disconnect', () => resolve({ code, signal }));
      else resolve({ code, signal });
    });
    child.on('error', (error) => {
      // With a pid it is a failed send or kill: the exit tells.
      if (child.pid === undefined) resolve({ code: SPAWN_FAILED, signal: null, error });
    });
  });
}
