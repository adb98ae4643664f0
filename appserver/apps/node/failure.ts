/** Answers for an application that listens to node:http and failed. */
import { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ERROR_PAGE_TYPE, errorPage } from '../error-page.ts';

/** Answers 500 where no head was sent, else cuts the connection. Never throws. */
export function failResponse(response: ServerResponse, socket: Socket): void {
  try {
    if (response.writableEnded) return;
    if (!response.headersSent) {
      for (const name of response.getHeaderNames()) response.removeHeader(name);
      sendPage(response, 500);
      return;
    }
  } catch {
    // The application has replaced methods of the response, and they failed with it.
  }
  try {
    ServerResponse.prototype.destroy.call(response);
  } catch {
    socket.destroy();
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
