/**
 * What is thrown while an exchange is served ends that exchange alone. The engine calls whoever
 * answers (handler, owner, sink) through here, so that its own state is never left halfway, and what
 * was thrown goes to the owner, who knows the request and has a log.
 */
import type { ExchangeHandler, Refusal } from '../wire/exchange.ts';
import type { ServerExchange } from './server-exchange.ts';

/** Hears of what was thrown where no owner could be told. */
export type FaultReporter = (error: unknown) => void;

let reporter: FaultReporter = (error) => {
  // As nobody asked to hear of it, it becomes an uncaught exception, outside of what goes on now.
  queueMicrotask(() => {
    throw error;
  });
};

/** Says who hears of such faults in this thread from now on. */
export function reportFaultsTo(hears: FaultReporter): void {
  reporter = hears;
}

/** Tells of what was thrown where no exchange is known. Never throws. */
export function reportFault(error: unknown): void {
  try {
    reporter(error);
  } catch {
    // A log that cannot be written must not end the others.
  }
}

/** Has `handler` answer a request. */
export function callHandler(handler: ExchangeHandler, exchange: ServerExchange): void {
  try {
    handler.handle(exchange);
  } catch (error) {
    endFaulty(exchange, error);
  }
}

/** Has `handler` refuse a request. */
export function callRefuse(
  handler: ExchangeHandler,
  exchange: ServerExchange,
  refusal: Refusal,
): void {
  try {
    handler.refuse(exchange, refusal);
  } catch (error) {
    endFaulty(exchange, error);
  }
}

/** Tells the owner that the response was sent. */
export function tellFinished(exchange: ServerExchange): void {
  try {
    exchange.owner?.finished();
  } catch (error) {
    endFaulty(exchange, error);
  }
}

/** Tells the owner that the response will not be sent. */
export function tellAborted(exchange: ServerExchange, problem: 'closed' | 'timeout'): void {
  try {
    exchange.owner?.aborted(problem);
  } catch (error) {
    endFaulty(exchange, error);
  }
}

/** Tells the owner that there is room again. */
export function tellDrained(exchange: ServerExchange): void {
  try {
    exchange.owner?.drained();
  } catch (error) {
    endFaulty(exchange, error);
  }
}

/** Tells the owner that the client has shut its writing side. */
export function tellInputEnded(exchange: ServerExchange): void {
  try {
    exchange.owner?.inputEnded?.();
  } catch (error) {
    endFaulty(exchange, error);
  }
}

/** Ends an exchange of which something was thrown: by its owner where that can, else barely. */
export function endFaulty(exchange: ServerExchange, error: unknown): void {
  const { owner } = exchange;
  if (owner?.threw !== undefined) {
    try {
      owner.threw(error);
      return;
    } catch (further) {
      reportFault(error);
      reportFault(further);
    }
  } else reportFault(error);
  endBarely(exchange);
}

function endBarely(exchange: ServerExchange): void {
  if (exchange.isOver) return;
  try {
    if (!exchange.isHeadSent) {
      exchange.keepAlive = false;
      exchange.writeHead(500, 'Internal Server Error', '', 0);
      exchange.end();
    }
  } catch (error) {
    reportFault(error);
  }
  if (exchange.isOver) return;
  try {
    exchange.abort();
  } catch (error) {
    reportFault(error);
  }
}
