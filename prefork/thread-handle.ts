/** A thread as the main thread of its process sees it: a worker_thread, or the main thread itself. */
import { Worker } from 'node:worker_threads';
import { entryModule } from './environment.ts';
import type { FromThread, ThreadBoot, ToThread } from './protocol.ts';
import { ThreadRunner } from './thread-runner.ts';

export interface ThreadHandle {
  /** Node's number; 0 for the main thread. */
  readonly threadId: number;
  /** It has finished or ended: nothing more is sent to it. */
  isDone: boolean;
  post(command: ToThread): void;
  /** Ends it in the middle of what it does. The main thread cannot be ended so. */
  terminate(): void;
}

/** Who hears of a thread. */
export interface ThreadOwner {
  event(event: FromThread): void;
  /** The thread ended; `stack` is of its uncaught error, empty where it had none. */
  exit(code: number, stack: string): void;
}

/** Runs the entry on the main thread: with one thread per process a second would cost memory only. */
export function startLocalThread(boot: ThreadBoot, owner: ThreadOwner): ThreadHandle {
  // In the next turn, as a worker_thread would: the owner has stored the handle by then.
  const runner = new ThreadRunner(boot, (event) => owner.event(event));
  setImmediate(() => void runner.start());
  return {
    threadId: 0,
    isDone: false,
    post: (command) => runner.handle(command),
    terminate() {},
  };
}

/** Runs the entry on a worker_thread of its own. */
export function startWorkerThread(boot: ThreadBoot, owner: ThreadOwner): ThreadHandle {
  const thread = new Worker(entryModule('prefork/thread'), {
    workerData: boot,
    name: `thread ${boot.threadIndex}`,
  });
  let stack = '';
  thread.on('message', (event: FromThread) => owner.event(event));
  thread.on('error', (error) => {
    stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  });
  thread.on('exit', (code) => owner.exit(code, stack));
  return {
    threadId: thread.threadId,
    isDone: false,
    post: (command) => thread.postMessage(command),
    terminate: () => void thread.terminate(),
  };
}
