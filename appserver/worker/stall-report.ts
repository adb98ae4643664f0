/** What the log says of a thread that stands still. Gunicorn: arbiter.py murder_workers. */
import { STAGE_LOADING, STAGE_SERVING, type Ticks } from './heartbeat.ts';
import type { Patience } from './pulse.ts';
import type { StackLines } from './stuck-stack.ts';

export interface StallFacts {
  readonly app: string;
  readonly patience: Patience;
  readonly ticks: Ticks;
}

/** The lines for the log: `WORKER TIMEOUT (pid:123)`, the reason, the stack. */
export function stallReport(facts: StallFacts, threadIndex: number, stack: StackLines): string {
  const { app, patience, ticks } = facts;
  const stage = ticks.stageOf(threadIndex);
  const which = ticks.threadCount > 1 ? `thread ${threadIndex}` : 'the event loop';
  const lines = [`WORKER TIMEOUT (pid:${process.pid})`];
  if (stage === STAGE_SERVING) {
    lines.push(`${which} has not turned for ${patience.silenceMs / 1000} s`);
    if (stack.length === 0) lines.push(NO_STACK);
  } else {
    const what = stage === STAGE_LOADING ? `loading "${app}"` : `startup() of "${app}"`;
    const hint =
      stage === STAGE_LOADING && stack.length === 0
        ? ': it awaits what does not come, or has no application and never calls listen()'
        : '';
    lines.push(
      `not ready after ${patience.bootMs / 1000} s: ${what} has not come to its end${hint}`,
    );
  }
  if (stack.length > 0) lines.push('it runs', ...stack);
  return lines.join('\n');
}

const NO_STACK = 'it has no JavaScript stack to show: it is inside a native call';
