/** The reply's head: runs the header filters once, then gives the field lines to the exchange. */
import { imfFixdate } from '../../wire/date.ts';
import { escapePath } from '../../wire/escape.ts';
import { isStatusWithoutContent } from '../../wire/framing.ts';
import { discardContent } from './body.ts';
import { AGAIN, OK } from './phases.ts';
import { finalize } from './pipeline.ts';
import type { HttpRequest } from './request.ts';
import { reasonPhrase } from './status.ts';
import { SERVER_FULL, SERVER_SHORT } from './version.ts';

/** Returns false where a header filter turned the reply into another answer; true where one waits. */
export function writeReplyHead(r: HttpRequest): boolean {
  if (r.isHeadSent) throw new Error('the head of this reply was sent already');
  if (!discardContent(r)) {
    finalize(r, 400);
    return false;
  }
  if (r.errorStatus !== 0) {
    r.status = r.errorStatus;
    r.reason = undefined;
  }
  return runHeaderFilters(r, 0);
}

/** Goes on behind the header filter that answered AGAIN. */
export function writeHeldHead(r: HttpRequest): boolean {
  const from = r.nextHeaderFilter;
  if (from === -1 || r.isHeadSent) throw new Error('the head of this reply is not held');
  r.nextHeaderFilter = -1;
  return runHeaderFilters(r, from);
}

function runHeaderFilters(r: HttpRequest, from: number): boolean {
  const filters = r.location.headerFilters;
  for (let i = from; i < filters.length; i++) {
    const verdict = filters[i]!(r);
    if (verdict === OK) continue;
    if (verdict === AGAIN) {
      r.nextHeaderFilter = i + 1;
      return true;
    }
    // nginx ngx_http_filter_finalize_request starts the reply anew; a range that cannot be given
    // keeps the fields the reply had, as ngx_http_range_not_satisfiable does.
    if (verdict === 416) r.status = 416;
    else {
      clearReply(r);
      r.status = 0;
    }
    finalize(r, verdict);
    return false;
  }
  if (r.status !== 200) fitToStatus(r);
  r.isHeadSent = true;
  const { exchange } = r;
  // nginx ngx_http_chunked_header_filter.
  if (r.expectsTrailers && r.head.version > 10 && !r.isHead && !isStatusWithoutContent(r.status)) {
    r.contentLength = -1;
  }
  exchange.times = r.location.times;
  exchange.writeHead(r.status, r.reason ?? reasonPhrase(r.status), replyLines(r), r.contentLength);
  return true;
}

/**
 * nginx `ngx_http_header_filter`: fields that some statuses do not have. The status line of an upstream
 * is sent with the fields it came with.
 */
function fitToStatus(r: HttpRequest): void {
  const { status } = r;
  r.allowRanges = false;
  if (status === 204 && r.reason === undefined) {
    r.contentType = '';
    r.contentLength = -1;
  }
  if (r.lastModified === -1 || status === 206 || status === 304) return;
  r.lastModified = -1;
  r.lastModifiedText = '';
}

/** nginx `ngx_http_header_filter`: the known fields in its order, then the list. */
function replyLines(r: HttpRequest): string {
  let lines = '';
  if (!r.hasOwnServer) lines = serverLine(r);
  if (!r.hasOwnDate) lines += `Date: ${r.thread.clock.date}\r\n`;
  lines += knownLines(r) + r.extraLines;
  if (r.allowRanges) lines += 'Accept-Ranges: bytes\r\n';
  return lines;
}

/** The lines of fields that have a slot of their own. */
export function knownLines(r: HttpRequest): string {
  let lines = '';
  if (r.contentType !== '') lines += `Content-Type: ${r.contentType}\r\n`;
  const lastModified = lastModifiedText(r);
  if (lastModified !== '') lines += `Last-Modified: ${lastModified}\r\n`;
  if (r.redirectTo !== '') lines += `Location: ${absoluteRedirect(r)}\r\n`;
  if (r.variesByEncoding) lines += 'Vary: Accept-Encoding\r\n';
  if (r.etag !== '') lines += `ETag: ${r.etag}\r\n`;
  if (r.contentEncoding !== '') lines += `Content-Encoding: ${r.contentEncoding}\r\n`;
  return lines;
}

/** The Last-Modified value, or ''. */
export function lastModifiedText(r: HttpRequest): string {
  if (r.lastModified === -1 || r.lastModifiedText !== '') return r.lastModifiedText;
  return imfFixdate(r.lastModified);
}

function serverLine(r: HttpRequest): string {
  return r.location.core.server_tokens === 'off'
    ? `Server: ${SERVER_SHORT}\r\n`
    : `Server: ${SERVER_FULL}\r\n`;
}

/** What would end the field line or its value; nginx lets a decoded `$uri` add fields to the reply. */
const BREAKS = /[\r\n\0]/;

function withoutBreaks(target: string): string {
  return BREAKS.test(target) ? target.replace(/[\r\n\0]/g, (each) => escapePath(each)) : target;
}

/** nginx makes a Location that starts with a slash absolute where `absolute_redirect` is on. */
export function absoluteRedirect(r: HttpRequest): string {
  const { core } = r.location;
  const target = withoutBreaks(r.redirectTo);
  if (!core.absolute_redirect || !target.startsWith('/')) return target;
  const host = core.server_name_in_redirect ? r.server.name : r.host || localHost(r);
  const { isTls, localPort } = r.connection;
  const isDefaultPort = localPort === 0 || localPort === (isTls ? 443 : 80);
  const port = core.port_in_redirect && !isDefaultPort ? `:${localPort}` : '';
  return `${isTls ? 'https' : 'http'}://${host}${port}${target}`;
}

/** For a request without Host: the address it came to. */
function localHost(r: HttpRequest): string {
  const { localAddress } = r.connection;
  return localAddress.includes(':') && !localAddress.startsWith('unix:')
    ? `[${localAddress}]`
    : localAddress;
}

/**
 * Takes back what an earlier step put into the reply, but for its status, which `$status` tells until
 * there is another (nginx `ngx_http_clean_header`).
 */
export function clearReply(r: HttpRequest): void {
  r.reason = undefined;
  r.contentType = '';
  r.contentLength = -1;
  r.lastModified = -1;
  r.lastModifiedText = '';
  r.etag = '';
  r.redirectTo = '';
  r.extraLines = '';
  r.contentEncoding = '';
  r.allowRanges = false;
  r.isSeekable = false;
  r.nextHeaderFilter = -1;
  r.ranges = undefined;
  r.rangesTail = '';
  r.hasOwnServer = false;
  r.hasOwnDate = false;
  if (r.lastFilter !== undefined) r.dropBodyFilters();
}
