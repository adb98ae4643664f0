/** The thread that watches the main thread of a worker process. Started by watch.ts. */
import { workerData } from 'node:worker_threads';
import { openErrorLog } from '../logging/error-log.ts';
import { Ticks } from './heartbeat.ts';
import type { Patience } from './pulse.ts';
import { lookIntervalMs, StallDetector } from './stall.ts';
import { stallReport } from './stall-report.ts';
import { readMainStack } from './stuck-stack.ts';

/** What the thread is started with. */
export interface WatchdogData {
  readonly app: string;
  readonly patience: Patience;
  readonly memory: SharedArrayBuffer;
  readonly errorlog: string;
  readonly loglevel: string;
}

const { app, patience, memory, errorlog, loglevel }: WatchdogData = workerData;
const ticks = new Ticks(memory);
const detector = new StallDetector(ticks, patience);
const looking = setInterval(() => {
  const threadIndex = detector.look();
  if (threadIndex === -1) return;
  clearInterval(looking);
  void end(threadIndex);
}, lookIntervalMs(patience));

/** Nobody else has to be asked: a blocked worker whose master is gone ends too. */
async function end(threadIndex: number): Promise<void> {
  const stack = detector.isTurning(threadIndex) ? [] : await readMainStack();
  // Opened now: the file may have been rotated since the start.
  openErrorLog(errorlog, loglevel).critical(
    stallReport({ app, patience, ticks }, threadIndex, stack),
  );
  process.kill(process.pid, 'SIGKILL');
}
