/** Answers for an application that listens to node:http and failed. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorLog } from '../../logging/error-log.ts';
import { showError } from '../../logging/show-error.ts';
import { goOnFor, type Served } from '../../worker/uncaught.ts';
import { ERROR_PAGE_TYPE, errorPage } from '../error-page.ts';

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

/**
 * Calls a listener. What it throws, at once or by a promise it returns, goes to the log; the client
 * is told 500 where no head was sent, else the connection is cut: a broken response never looks whole.
 */
export function callListener(
  listener: Listener,
  request: IncomingMessage,
  response: ServerResponse,
  log: ErrorLog,
): void {
  const served = new ServedResponse(request.url ?? '', response, log); // Frameworks rewrite it.
  // `write after end` and its like are told to the response, where they would be uncaught.
  response.on('error', served.failed);
  try {
    goOnFor(served);
    const result = listener(request, response);
    if (result instanceof Promise) result.catch(served.failed);
  } catch (error) {
    served.failed(error);
  }
}

/** A response while the application makes it. */
class ServedResponse implements Served {
  readonly target: string;
  readonly #response: ServerResponse;
  readonly #log: ErrorLog;

  constructor(target: string, response: ServerResponse, log: ErrorLog) {
    this.target = target;
    this.#response = response;
    this.#log = log;
  }

  readonly failed = (error: unknown): void => {
    // Who failed because the client left has nothing to report.
    if (this.#response.destroyed && !this.#response.writableFinished) return;
    this.#log.error(`Error handling request ${this.target}\n${showError(error)}`);
    failResponse(this.#response);
  };

  endUncaught(): void {
    if (!this.#response.destroyed) failResponse(this.#response);
  }
}

/** Answers 500 where no head was sent, else cuts the connection. */
export function failResponse(response: ServerResponse): void {
  if (response.writableEnded) return;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  try {
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    sendPage(response, 500);
  } catch {
    // The application has replaced methods of the response, and they failed with it.
    response.destroy();
  }
}

/** The pool's own page. */
export function sendPage(response: ServerResponse, status: number): void {
  const page = errorPage(status);
  const fields = { 'Content-Type': ERROR_PAGE_TYPE, 'Content-Length': page.length };
  response.statusMessage = '';
  response.writeHead(status, fields);
  response.end(page);
}
