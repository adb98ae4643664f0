/** Runs functions that no framework made as listeners of node:http. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { isPromise } from '../promise.ts';
import { sendPage } from './failure.ts';

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;
type Middleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => unknown;

/**
 * Runs a `(req, res, next)` function where nothing comes next. Who passes a request on is answered
 * 404, as connect does; an error passed on counts as thrown.
 */
export function withoutNext(middleware: Middleware): RequestListener {
  return (request, response) =>
    new Promise<void>((resolve, reject) => {
      const next = (error?: unknown): void => {
        // Express: these two words mean "the next route", of which there is none.
        const isError = error !== undefined && error !== null;
        if (isError && error !== 'route' && error !== 'router') reject(error);
        else if (response.headersSent) response.destroy();
        else sendPage(response, 404);
      };
      Promise.resolve(middleware(request, response, next)).then(() => resolve(), reject);
    });
}

/** Makes an error of a Response that a function returns though it was called with one to write to. */
export function withoutResponse(listener: Listener): RequestListener {
  return (request, response) => {
    const result = listener(request, response);
    return isPromise(result) ? result.then(refuseResponse) : refuseResponse(result);
  };
}

function refuseResponse(result: unknown): void {
  if (!(result instanceof Response)) return;
  throw new TypeError(
    'the application returned a Response, but was taken for a (request, response) function: ' +
      'export { fetch: it } instead',
  );
}
