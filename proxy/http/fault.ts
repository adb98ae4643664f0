/**
 * What becomes of a request of which something threw: a step, a filter, a producer, a timer, a
 * promise. It is answered with 500 where no head was sent and cut where one was; nothing else ends.
 */

import { ALERT } from '../log/error-log.ts';
import { escapeLogValue } from '../log/escape.ts';
import { finalize } from './pipeline.ts';
import type { HttpRequest } from './request.ts';
import { SERVER_FULL, SERVER_SHORT } from './version.ts';

/** The error log cuts long lines; client and request line follow the stack and must not be lost. */
const LONGEST_STACK = 1200;

/** Logs `error` and ends the request, unless it is over. */
export function failRequest(r: HttpRequest, error: unknown): void {
  logFault(r, error);
  if (r.isDone) return;
  if (!r.exchange.isHeadSent && !r.isFaulty) {
    r.isFaulty = true;
    // What threw may have come between the two.
    r.isHeadSent = false;
    try {
      finalize(r, 500);
      return;
    } catch (further) {
      logFault(r, further);
    }
  }
  endBarely(r);
}

/** Tells the error log what was thrown, on one line, with client and request. */
export function logFault(r: HttpRequest, error: unknown): void {
  r.log(ALERT, `exception ${describeFault(error)}`);
}

/** What was thrown, with its stack, on one line. */
export function describeFault(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const line = escapeLogValue(text.replace(/\s*\n\s*/g, ' ').trim());
  return line.length <= LONGEST_STACK ? line : `${line.slice(0, LONGEST_STACK)}...`;
}

/** The error page failed too, or the head is out: no filter and no module has a say any more. */
function endBarely(r: HttpRequest): void {
  const { producer, exchange } = r;
  r.producer = undefined;
  r.dropBodyFilters();
  try {
    producer?.abandon('closed');
  } catch (error) {
    logFault(r, error);
  }
  if (exchange.isHeadSent) exchange.abort();
  else sendBarePage(r);
}

function sendBarePage(r: HttpRequest): void {
  const { exchange } = r;
  const software = r.location.core.server_tokens === 'off' ? SERVER_SHORT : SERVER_FULL;
  const title = '500 Internal Server Error';
  const page =
    `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n` +
    `<hr><center>${software}</center>\r\n</body>\r\n</html>\r\n`;
  r.status = 500;
  r.isHeadSent = true;
  exchange.keepAlive = false;
  const lines = `Server: ${software}\r\nDate: ${r.thread.clock.date}\r\nContent-Type: text/html\r\n`;
  exchange.writeHead(500, 'Internal Server Error', lines, page.length);
  exchange.end(page);
}
