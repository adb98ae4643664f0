/** Entry module of the worker that is validated: a worker as any other, which says what it runs. */
import type { RunningThread, ThreadContext } from '../../prefork/types.ts';
import { showError } from '../logging/show-error.ts';
import { startThread as startWorkerThread } from '../worker/thread.ts';

/** What it sends to the validator before it accepts. */
export interface Recognised {
  readonly shape: string;
}

export async function startThread(context: ThreadContext): Promise<RunningThread> {
  const thread = await startWorkerThread(context);
  // A worker of a pool would finish what it has; here the fault is what is looked for.
  process.on('uncaughtException', (error: unknown) => {
    process.stderr.write(`${showError(error)}\n`);
    process.exit(1);
  });
  context.send({ shape: thread.shape } satisfies Recognised);
  return thread;
}
