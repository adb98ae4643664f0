/** Answers for an application that listens to node:http and failed. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import type { ErrorLog } from '../../logging/error-log.ts';
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
  const target = request.url ?? ''; // Frameworks rewrite it.
  try {
    const result = listener(request, response);
    if (result instanceof Promise) {
      result.catch((error: unknown) => fail(target, response, error, log));
    }
  } catch (error) {
    fail(target, response, error, log);
  }
}

function fail(target: string, response: ServerResponse, error: unknown, log: ErrorLog): void {
  // Who failed because the client left has nothing to report.
  if (response.destroyed) return;
  log.error(`Error handling request ${target}\n${inspect(error)}`);
  if (response.writableEnded) return;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  sendPage(response, 500);
}

/** The pool's own page. */
export function sendPage(response: ServerResponse, status: number): void {
  const page = errorPage(status);
  const fields = { 'Content-Type': ERROR_PAGE_TYPE, 'Content-Length': page.length };
  response.statusMessage = '';
  response.writeHead(status, fields);
  response.end(page);
}
