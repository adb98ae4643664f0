/** Runs a `(req, res, next)` function where nothing comes next. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { sendPage } from './failure.ts';

type Middleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => unknown;

/** Who passes a request on is answered 404, as connect does; an error passed on counts as thrown. */
export function withoutNext(middleware: Middleware): RequestListener {
  return (request, response) =>
    new Promise<void>((resolve, reject) => {
      const next = (error?: unknown): void => {
        // Express: these two words mean "the next route", of which there is none.
        if (error !== undefined && error !== null && error !== 'route' && error !== 'router') {
          reject(error);
        } else if (response.headersSent) response.destroy();
        else {
          response.statusCode = 404;
          sendPage(response, 404);
        }
      };
      Promise.resolve(middleware(request, response, next)).then(() => resolve(), reject);
    });
}
