/**
 * What an application throws past everyone: from a timer, an event, a promise that nobody awaits.
 *
 * It costs the request whose code it was, where that is known; the others in flight are finished. As
 * nobody can say what else it left undone, the worker takes no more requests, and is replaced once
 * its successor is ready.
 */
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { reportFaultsTo } from '../../http1/fault.ts';
import type { ErrorLog } from '../logging/error-log.ts';
import { showError } from '../logging/show-error.ts';

/** What the application's code runs for: a request, or a connection that it has taken over. */
export interface Served {
  /** Its request-target. */
  readonly target: string;
  /** Its context, once it was entered. Kept here by `goOnFor` alone. */
  context: AsyncResource | undefined;
  /** Its code failed past everyone: answers 500, or cuts the connection; nothing where it is over. */
  endUncaught(): void;
}

/** Follows promises, timers and events (Node 24.21: contexts are kept by V8 and not by hooks). */
const served = new AsyncLocalStorage<Served>();

/**
 * Calls code of the application for `what`; what that code starts belongs to it too. Going back into the
 * context that `goOnFor` kept takes 0.01 µs, and 0.3 by `AsyncLocalStorage.run`, which makes two new ones:
 * 2.5 µs of a page of node:http, once its caches are cold.
 */
export function runFor<A extends unknown[], T>(
  what: Served,
  call: (...args: A) => T,
  ...args: A
): T {
  // Within it, the application may be in a context of its own.
  if (isRunningFor(what)) return call(...args);
  const { context } = what;
  if (context === undefined) return served.run(what, call, ...args);
  return context.runInAsyncScope(call, undefined, ...args);
}

export function isRunningFor(what: Served): boolean {
  return served.getStore() === what;
}

/**
 * The same for all that follows in this turn, for whoever is about to call the application and has
 * nothing left to do for another request afterwards: leaving a context costs as much as entering it.
 */
export function goOnFor(what: Served): void {
  served.enterWith(what);
  what.context = new AsyncResource('TANDEM');
}

/** What a thread does when something was thrown past everyone. */
export interface UncaughtActions {
  readonly log: ErrorLog;
  /** Takes no more connections, and no more requests on those it has. */
  stopAccepting(): void;
  /** Asks for a successor. */
  retire(): void;
}

let hear = (_what: Served | undefined, error: unknown): void => {
  throw error;
};

/**
 * What a listener of the application threw, and would have thrown past everyone: for those that call
 * listeners on behalf of `what` and must not be left halfway. Throws where nobody catches such errors.
 */
export function threwPast(what: Served, error: unknown): void {
  hear(what, error);
}

/** Catches such errors in this thread from now on; before that they end the process. */
export function catchUncaught({ log, stopAccepting, retire }: UncaughtActions): void {
  let isRetiring = false;
  const report = (error: unknown): void =>
    log.error(`Exception in worker process\n${showError(error)}`);
  reportFaultsTo(report);
  hear = (what, error) => {
    const where = what === undefined ? '' : ` handling request ${what.target}`;
    log.error(`Uncaught exception in the application${where}\n${showError(error)}`);
    attempt(() => what?.endUncaught(), report);
    if (isRetiring) return;
    isRetiring = true;
    log.warning('The worker takes no more requests and is replaced.');
    attempt(stopAccepting, report);
    attempt(retire, report);
  };
  // Rejections that nobody awaits come here too: Node makes uncaught exceptions of them.
  process.on('uncaughtException', (error: unknown) => hear(served.getStore(), error));
}

/** What is thrown within 'uncaughtException' would end the process, and all that it serves. */
function attempt(step: () => void, report: (error: unknown) => void): void {
  try {
    step();
  } catch (error) {
    report(error);
  }
}
