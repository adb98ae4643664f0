/**
 * What an application throws past everyone: from a timer, an event, a promise that nobody awaits.
 *
 * It costs the request whose code it was, where that is known; the others in flight are finished. As
 * nobody can say what else it left undone, the worker takes no more requests, and is replaced once
 * its successor is ready.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { reportFaultsTo } from '../../http1/fault.ts';
import type { ErrorLog } from '../logging/error-log.ts';
import { showError } from '../logging/show-error.ts';

/** What the application's code runs for: a request, or a connection that it has taken over. */
export interface Served {
  /** Its request-target. */
  readonly target: string;
  /** Its code failed past everyone: answers 500, or cuts the connection; nothing where it is over. */
  endUncaught(): void;
}

/** Follows promises, timers and events (Node 24.21: contexts are kept by V8 and not by hooks). */
const served = new AsyncLocalStorage<Served>();

/**
 * What follows in this turn, and what that starts, is code of the application for `what`, until this
 * is called again. Call it before every call of the application's code.
 *
 * Nobody leaves the context afterwards: `AsyncLocalStorage.run` does, and that alone took 2.2 µs of the
 * 14.3 that a fetch application's page took. Our own code needs no context: what it throws has its
 * own ways (http1/fault.ts). Each callback of Node starts in the context of what called for it.
 */
export function goOnFor(what: Served): void {
  served.enterWith(what);
}

/** What a thread does when something was thrown past everyone. */
export interface UncaughtActions {
  readonly log: ErrorLog;
  /** Takes no more connections, and no more requests on those it has. */
  stopAccepting(): void;
  /** Asks for a successor. */
  retire(): void;
}

/** Catches such errors in this thread from now on; before that they end the process. */
export function catchUncaught({ log, stopAccepting, retire }: UncaughtActions): void {
  let isRetiring = false;
  reportFaultsTo((error) => log.error(`Exception in worker process\n${showError(error)}`));
  // Rejections that nobody awaits come here too: Node makes uncaught exceptions of them.
  process.on('uncaughtException', (error: unknown) => {
    const what = served.getStore();
    const where = what === undefined ? '' : ` handling request ${what.target}`;
    log.error(`Uncaught exception in the application${where}\n${showError(error)}`);
    endServed(what, log);
    if (isRetiring) return;
    isRetiring = true;
    log.warning('The worker takes no more requests and is replaced.');
    stopAccepting();
    retire();
  });
}

function endServed(what: Served | undefined, log: ErrorLog): void {
  try {
    what?.endUncaught();
  } catch (error) {
    log.error(`Exception in worker process\n${showError(error)}`);
  }
}
