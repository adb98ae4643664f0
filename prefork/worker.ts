/**
 * Main module of a worker process: starts its threads, passes the master's commands to them and
 * their news to the master, and leaves when told to, when they are done, or when the master is gone.
 */
import { describeFailure, exitCodeOf } from './boot-failure.ts';
import { dropPrivileges } from './privileges.ts';
import type { FromThread, FromWorker, ThreadBoot, ToWorker, WorkerBoot } from './protocol.ts';
import { startLocalThread, startWorkerThread, type ThreadHandle } from './thread-handle.ts';
import { loadProcessEntry } from './thread-runner.ts';
import type { BootFailure, RunningProcess, WorkerSignal } from './types.ts';

/** How long a worker whose master is gone may finish what runs. */
const ORPHAN_LIMIT_MS = 30_000;
const MAIN_THREAD = -1;
const SIGNALS: readonly WorkerSignal[] = [
  'SIGTERM',
  'SIGINT',
  'SIGQUIT',
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
];

/** The state of this process. One instance, made when the module runs. */
class WorkerSession {
  #boot: WorkerBoot | undefined;
  #threads: ThreadHandle[] = [];
  #process: RunningProcess | undefined;
  /** What came before there were threads to take it. */
  readonly #early: Extract<ToWorker, { type: 'message' }>[] = [];
  /** What `ThreadContext.ended` shows the threads. */
  #gone = new Int32Array(new SharedArrayBuffer(0));
  #started = 0;
  #ready = 0;
  #isEnding = false;
  /** Threads that the process entry has ended: their end is no reason to leave. */
  readonly #ended = new Set<number>();

  /** Obeys the master. */
  handle(command: ToWorker): void {
    switch (command.type) {
      case 'boot':
        void this.#start(command);
        break;
      case 'drain':
        this.drain();
        break;
      case 'quit':
        this.quit();
        break;
      case 'reopen':
        this.#post({ type: 'reopen' });
        break;
      case 'message':
        if (this.#threads.length === 0) this.#early.push(command);
        else this.#deliver(command.threadIndex, command.message);
        break;
    }
  }

  /** A signal from outside, past the master. What is not named is ignored. */
  signal(name: WorkerSignal): void {
    const action = this.#boot?.signals[name] ?? 'ignore';
    if (action === 'drain') this.drain();
    else if (action === 'quit') this.quit();
    else if (action === 'reopen') this.#post({ type: 'reopen' });
  }

  drain(): void {
    this.#end('drain');
  }

  quit(): void {
    this.#end('quit');
  }

  /** The master is gone: nobody else would end this process. */
  abandon(): void {
    setTimeout(() => this.#exit(1), ORPHAN_LIMIT_MS).unref();
    this.drain();
  }

  async #start(boot: WorkerBoot): Promise<void> {
    this.#boot = boot;
    if (boot.title !== undefined) process.title = boot.title;
    try {
      if (boot.privileges?.dropAt === 'start') dropPrivileges(boot.privileges);
      await this.#startThreads(boot);
    } catch (error) {
      this.#fail(describeFailure(error, MAIN_THREAD, []), exitCodeOf(error));
    }
  }

  async #startThreads(boot: WorkerBoot): Promise<void> {
    const threadCount = boot.threads.length;
    const shared: Record<string, SharedArrayBuffer> = {};
    for (const [name, length] of Object.entries(boot.shared)) {
      shared[name] = new SharedArrayBuffer(length);
    }
    const bytes = threadCount * Int32Array.BYTES_PER_ELEMENT;
    this.#gone = new Int32Array(new SharedArrayBuffer(bytes));
    const facts = { data: boot.data, threadCount, age: boot.age, shared, ended: this.#gone };
    if (boot.processEntry !== undefined) {
      const entry = await loadProcessEntry(boot.processEntry);
      this.#process = await entry.startProcess({
        ...facts,
        send: (message) => tell({ type: 'message', threadIndex: MAIN_THREAD, message }),
        retire: () => tell({ type: 'retire' }),
        endThread: (threadIndex) => this.#endThread(threadIndex),
      });
    }
    if (this.#isEnding) return;
    boot.threads.forEach((listeners, threadIndex) => {
      this.#startThread({ ...facts, entry: boot.entry, listeners, threadIndex });
    });
    for (const { threadIndex, message } of this.#early.splice(0)) {
      this.#deliver(threadIndex, message);
    }
  }

  #startThread(boot: ThreadBoot): void {
    const index = boot.threadIndex;
    const start = boot.threadCount === 1 ? startLocalThread : startWorkerThread;
    const thread = start(boot, {
      event: (event) => this.#hear(index, event),
      exit: (code, stack) => this.#threadGone(index, code, stack),
    });
    this.#threads[index] = thread;
    this.#process?.threadStarted?.(index, thread.threadId);
  }

  #hear(index: number, event: FromThread): void {
    switch (event.type) {
      case 'started':
        this.#started += 1;
        if (this.#started === this.#threads.length) this.#accept();
        break;
      case 'ready':
        this.#ready += 1;
        if (this.#ready === this.#threads.length) tell({ type: 'ready' });
        break;
      case 'done':
        this.#threadDone(index);
        break;
      case 'retire':
        tell({ type: 'retire' });
        break;
      case 'failed':
        this.#fail(event.failure, event.exitCode);
        break;
      case 'message':
        tell({ type: 'message', threadIndex: index, message: event.message });
        break;
    }
  }

  #accept(): void {
    const privileges = this.#boot?.privileges;
    try {
      if (privileges?.dropAt === 'accept') dropPrivileges(privileges);
    } catch (error) {
      this.#fail(describeFailure(error, MAIN_THREAD, []), exitCodeOf(error));
      return;
    }
    this.#post({ type: 'accept' });
  }

  #end(how: 'drain' | 'quit'): void {
    if (!this.#isEnding) tell({ type: 'leaving' });
    this.#isEnding = true;
    if (this.#threads.every((thread) => thread.isDone)) this.#exit(0);
    else this.#post({ type: how });
  }

  #threadDone(index: number): void {
    const thread = this.#threads[index];
    if (thread === undefined || thread.isDone) return;
    thread.isDone = true;
    this.#process?.threadExited?.(index, thread.threadId, true);
    if (this.#threads.every((other) => other.isDone)) this.#exit(0);
  }

  #threadGone(index: number, code: number, stack: string): void {
    Atomics.store(this.#gone, index, 1);
    const thread = this.#threads[index];
    if (thread === undefined || thread.isDone) return;
    thread.isDone = true;
    this.#process?.threadExited?.(index, thread.threadId, false);
    const exit = { threadIndex: index, threadId: thread.threadId, code, stack };
    const isLast = this.#threads.every((other) => other.isDone);
    if (this.#isEnding && isLast) this.#exit(1);
    else if (isLast || this.#mustFollow(index)) this.#leave({ type: 'threadExit', exit }, 1);
    else tell({ type: 'threadExit', exit });
  }

  #endThread(index: number): void {
    this.#ended.add(index);
    this.#threads[index]?.terminate();
  }

  #mustFollow(index: number): boolean {
    return this.#boot?.onThreadExit === 'exit' && !this.#ended.has(index);
  }

  #deliver(threadIndex: number | undefined, message: unknown): void {
    if (threadIndex === MAIN_THREAD) this.#process?.message?.(message);
    else if (threadIndex === undefined) this.#post({ type: 'message', message });
    else this.#threads[threadIndex]?.post({ type: 'message', message });
  }

  #post(command: Parameters<ThreadHandle['post']>[0]): void {
    for (const thread of this.#threads) if (!thread.isDone) thread.post(command);
  }

  #fail(failure: BootFailure, exitCode: number): void {
    this.#leave({ type: 'failed', failure }, exitCode);
  }

  /** The last news must be with the master before the process goes. */
  #leave(news: FromWorker, exitCode: number): void {
    this.#isEnding = true;
    tell(news, () => this.#exit(exitCode));
  }

  #exit(code: number): void {
    this.#process?.stop?.();
    process.exit(code);
  }
}

/** Sends to the master; a master that is gone hears nothing, and 'disconnect' says so. */
function tell(news: FromWorker, sent: () => void = () => {}): void {
  if (process.connected) process.send?.(news, undefined, {}, sent);
  else sent();
}

const session = new WorkerSession();
for (const name of SIGNALS) process.on(name, () => session.signal(name));
process.on('disconnect', () => session.abandon());
process.on('message', (command: ToWorker) => session.handle(command));
