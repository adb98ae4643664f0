/**
 * The watchdog of a worker process: finds a thread that hangs, logs where, and ends it.
 *
 * An application on the main thread is watched by a small thread, which must be there beforehand: a
 * main thread that hangs starts none. It costs 11 MB of private memory (14 MB of RSS; a thread that
 * does nothing costs 9.4) and 1 to 4 wake-ups a second; `timeout` 0 does without. The inspector's
 * port would cost less, and be open in production.
 * With several threads the main thread has nothing else to do, and watches them for nothing.
 */
import { Worker } from 'node:worker_threads';
import { entryModule } from '../../prefork/environment.ts';
import type { ProcessContext, RunningProcess } from '../../prefork/types.ts';
import { openErrorLog } from '../logging/error-log.ts';
import { STAGE_ENDED, STAGE_SERVING, Ticks } from './heartbeat.ts';
import type { Patience } from './pulse.ts';
import { BALANCE, TICKS, type WorkerData } from './spec.ts';
import { lookIntervalMs, StallDetector } from './stall.ts';
import { stallReport } from './stall-report.ts';
import { readThreadStack } from './stuck-stack.ts';
import type { WatchdogData } from './watchdog-thread.ts';

/** Runs before the application is loaded, so that a load that hangs is seen too. */
export function startProcess(context: ProcessContext): RunningProcess {
  const { settings, app, patience } = context.data as WorkerData;
  const memory = context.shared[TICKS];
  if (patience.silenceMs === 0 || memory === undefined) return {};
  if (context.threadCount > 1) return new ThreadWatch(context, memory);
  const { errorlog, loglevel } = settings;
  startWatchdog({ app, patience, memory, errorlog, loglevel });
  return {};
}

function startWatchdog(workerData: WatchdogData): void {
  const thread = new Worker(entryModule('appserver/worker/watchdog-thread'), {
    workerData,
    name: 'watchdog',
  });
  thread.unref();
  thread.on('error', (error) => {
    const log = openErrorLog(workerData.errorlog, workerData.loglevel);
    log.warning(`The watchdog ended: ${String(error)}`);
    log.close();
  });
}

/** The main thread as the watchdog of its threads. */
class ThreadWatch implements RunningProcess {
  readonly #context: ProcessContext;
  readonly #app: string;
  readonly #patience: Patience;
  readonly #ticks: Ticks;
  readonly #detector: StallDetector;
  readonly #threadIds: number[] = [];
  readonly #looking: NodeJS.Timeout;

  constructor(context: ProcessContext, memory: SharedArrayBuffer) {
    const { app, patience } = context.data as WorkerData;
    this.#context = context;
    this.#app = app;
    this.#patience = patience;
    this.#ticks = new Ticks(memory);
    this.#detector = new StallDetector(this.#ticks, patience);
    this.#looking = setInterval(() => this.#look(), lookIntervalMs(patience));
  }

  threadStarted(threadIndex: number, threadId: number): void {
    this.#threadIds[threadIndex] = threadId;
  }

  threadExited(threadIndex: number): void {
    this.#ticks.enter(threadIndex, STAGE_ENDED);
    // A thread that accepts no more must not hold its siblings back.
    const memory = this.#context.shared[BALANCE];
    if (memory !== undefined) Atomics.store(new Int32Array(memory), threadIndex, -1);
  }

  stop(): void {
    clearInterval(this.#looking);
  }

  #look(): void {
    const threadIndex = this.#detector.look();
    if (threadIndex !== -1) void this.#end(threadIndex);
  }

  /** A thread that serves ends alone: its siblings go on, until a whole worker has taken over. */
  async #end(threadIndex: number): Promise<void> {
    const threadId = this.#threadIds[threadIndex] ?? 0;
    const stack = this.#detector.isTurning(threadIndex) ? [] : await readThreadStack(threadId);
    const facts = { app: this.#app, patience: this.#patience, ticks: this.#ticks };
    this.#report(stallReport(facts, threadIndex, stack));
    const isServing = this.#ticks.stageOf(threadIndex) === STAGE_SERVING;
    // Inside a native call it would not end; and one that never was ready has no siblings to spare.
    if (!isServing || stack.length === 0) process.kill(process.pid, 'SIGKILL');
    this.#context.retire();
    this.#context.endThread(threadIndex);
  }

  #report(text: string): void {
    const { settings } = this.#context.data as WorkerData;
    // Opened now: the file may have been rotated since the start.
    const log = openErrorLog(settings.errorlog, settings.loglevel);
    log.critical(text);
    log.close();
  }
}
