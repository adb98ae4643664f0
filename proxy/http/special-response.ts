/**
 * Answers that are a status and little else: error pages as configured, redirects, and nginx's
 * built-in pages. See nginx `ngx_http_special_response.c`.
 */
import { discardContent } from './body.ts';
import { isChrome, isMsie } from './browser.ts';
import type { CompiledErrorPage } from './location.ts';
import { charsetOf } from './media-type.ts';
import { internalRedirectTo, redirectToNamed } from './pipeline.ts';
import { clearReply } from './reply.ts';
import type { HttpRequest } from './request.ts';
import { reasonPhrase } from './status.ts';
import { SERVER_FULL, SERVER_SHORT } from './version.ts';

/** Titles of nginx's built-in pages; a status that is not here is sent without content. */
const TITLES = new Map<number, string>(
  [
    301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 411, 412, 413, 414,
    415, 416, 421, 429, 500, 501, 502, 503, 504, 505, 507,
  ].map((status) => [status, `${status} ${pageReason(status)}`]),
);
TITLES.set(494, '400 Request Header Or Cookie Too Large');
TITLES.set(495, '400 The SSL certificate error');
TITLES.set(496, '400 No required SSL certificate was sent');
TITLES.set(497, '400 The plain HTTP request was sent to HTTPS port');

function pageReason(status: number): string {
  if (status === 302) return 'Found';
  return status === 401 ? 'Authorization Required' : reasonPhrase(status);
}

const DETAILS = new Map<number, [string, string]>([
  [494, ['Bad Request', 'Request Header Or Cookie Too Large']],
  [495, ['Bad Request', 'The SSL certificate error']],
  [496, ['Bad Request', 'No required SSL certificate was sent']],
  [497, ['Bad Request', 'The plain HTTP request was sent to HTTPS port']],
]);

/** Answers with `status`: through `error_page` where one is set, else with nginx's own page. */
export function sendSpecialResponse(r: HttpRequest, status: number): void {
  startAnew(r, status);
  r.errorStatus = status;
  if (closesConnection(status)) r.exchange.keepAlive = false;
  const { core, errorPages } = r.location;
  if (!r.isErrorPage && errorPages.length !== 0 && r.uriChangesLeft >= 0) {
    const page = errorPages.find((candidate) => candidate.status === status);
    if (page !== undefined) {
      if (!core.recursive_error_pages) r.isErrorPage = true;
      sendErrorPage(r, status, page);
      return;
    }
  }
  sendBuiltInPage(r, status);
}

/**
 * Drops the reply under way, but for what belongs to the status and so to each page that is sent for
 * it: the Location of a redirect, the challenges of 401, and the fields of a reply of which no part
 * could be given (416).
 */
function startAnew(r: HttpRequest, status: number): void {
  const { redirectTo, extraLines } = r;
  clearReply(r);
  if (status === 201 || (status >= 301 && status <= 308)) r.redirectTo = redirectTo;
  if (status === 401 || status === 416) r.extraLines = extraLines;
  // nginx ngx_http_special_response_handler: the type goes, the charset stays.
  if (r.givenType !== '') r.givenType = charsetOf(r.givenType);
}

/** nginx turns keep-alive off after these. */
function closesConnection(status: number): boolean {
  return (
    status === 400 ||
    status === 413 ||
    status === 414 ||
    (status >= 494 && status <= 497) ||
    status === 500 ||
    status === 501
  );
}

/** nginx `ngx_http_send_error_page`. */
function sendErrorPage(r: HttpRequest, status: number, page: CompiledErrorPage): void {
  if (page.overwrite >= 0) r.errorStatus = page.overwrite;
  else r.errorStatus = shownStatus(status);
  const target = page.target.evaluate(r);
  if (target.startsWith('/')) {
    if (r.method !== 'HEAD') r.method = 'GET';
    internalRedirectTo(r, target);
    return;
  }
  if (target.startsWith('@')) {
    redirectToNamed(r, target);
    return;
  }
  const redirect = page.overwrite;
  const isRedirect =
    redirect === 301 ||
    redirect === 302 ||
    redirect === 303 ||
    redirect === 307 ||
    redirect === 308;
  r.errorStatus = isRedirect ? redirect : 302;
  r.redirectTo = target;
  sendBuiltInPage(r, r.errorStatus);
}

/** What nginx's own codes look like outside. */
function shownStatus(status: number): number {
  return status >= 494 && status <= 497 ? 400 : status;
}

function sendBuiltInPage(r: HttpRequest, status: number): void {
  const title = TITLES.get(status);
  r.errorStatus = shownStatus(status);
  // Content that is malformed is worth no other answer here; the connection closes after this one.
  discardContent(r);
  if (title === undefined) {
    // nginx: a status without a page of its own (204, 2xx, unknown codes) has no content.
    r.contentLength = status === 204 ? -1 : 0;
    if (r.sendHead()) r.end();
    return;
  }
  r.contentType = 'text/html';
  r.sendWhole(page(r, status, title));
}

function page(r: HttpRequest, status: number, title: string): string {
  const token = r.location.core.server_tokens === 'off' ? SERVER_SHORT : SERVER_FULL;
  const detail = DETAILS.get(status);
  const heading =
    detail === undefined
      ? `<center><h1>${title}</h1></center>\r\n`
      : `<center><h1>400 ${detail[0]}</h1></center>\r\n<center>${detail[1]}</center>\r\n`;
  return (
    `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n${heading}` +
    `<hr><center>${token}</center>\r\n</body>\r\n</html>\r\n${isPadded(r, status) ? PADDING : ''}`
  );
}

const PADDING = '<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n'.repeat(6);

/** nginx pads error pages for browsers that replace short ones with their own (`msie_padding`). */
function isPadded(r: HttpRequest, status: number): boolean {
  const { userAgent, version } = r.head;
  if (status < 400 || version < 10 || !r.location.core.msie_padding) return false;
  return isMsie(userAgent) || isChrome(userAgent);
}
