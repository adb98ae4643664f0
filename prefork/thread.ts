/** Main module of a worker_thread: one `ThreadRunner` behind the parent port. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ThreadBoot, ToThread } from './protocol.ts';
import { ThreadRunner } from './thread-runner.ts';

if (parentPort !== null) {
  const port = parentPort;
  const boot: ThreadBoot = workerData;
  const runner = new ThreadRunner(boot, (event) => port.postMessage(event));
  port.on('message', (command: ToThread) => runner.handle(command));
  void runner.start();
}
