/** Replies of proxied requests that are not the upstream's response as it is. */
import { parseGivenUri } from '../../wire/given-uri.ts';
import { charsetOf } from '../http/media-type.ts';
import { OK, type Verdict } from '../http/phases.ts';
import { internalRedirect, redirectToNamed } from '../http/pipeline.ts';
import { knownLines } from '../http/reply.ts';
import type { HttpRequest } from '../http/request.ts';
import { SERVER_FULL, SERVER_SHORT } from '../http/version.ts';
import { ERROR } from '../log/error-log.ts';
import { UpstreamExchange } from '../upstream/exchange.ts';

/**
 * X-Accel-Redirect: the reply comes from a location of this server.
 * See nginx `ngx_http_upstream_process_headers`.
 */
export function redirectByUpstream(r: HttpRequest, to: string): void {
  r.action = 'reading response header from upstream';
  if (to.startsWith('@')) {
    redirectToNamed(r, to);
    return;
  }
  const { uri, args, isUnsafe } = parseGivenUri(to);
  if (isUnsafe) {
    r.log(ERROR, `unsafe URI "${uri}" was detected`);
    r.action = '';
    r.finalize(404);
    return;
  }
  if (r.method !== 'HEAD') r.method = 'GET';
  internalRedirect(r, uri, to.includes('?') ? args : undefined);
}

/** Field lines of a 101 response: the server's own, those of the upstream, and what filters add. */
export function upgradeLines(r: HttpRequest): string {
  // No filter turns a 101 into another answer.
  for (const filter of r.location.headerFilters) filter(r);
  const isShort = r.location.core.server_tokens === 'off';
  const server = r.hasOwnServer ? '' : `Server: ${isShort ? SERVER_SHORT : SERVER_FULL}\r\n`;
  const date = r.hasOwnDate ? '' : `Date: ${r.thread.clock.date}\r\n`;
  return `${server}${date}${knownLines(r)}${r.extraLines}`;
}

/**
 * A header filter: what an X-Accel-Redirect kept joins the reply that it led to. A 416 has it already,
 * and a 412 begins anew (nginx `ngx_http_filter_finalize_request`).
 */
export function addKeptFields(r: HttpRequest): Verdict {
  if (r.upstream === undefined || !(r.upstream instanceof UpstreamExchange)) return OK;
  const { kept } = r.upstream;
  if (kept === undefined || r.errorStatus === 412) return OK;
  if (r.errorStatus !== 416) r.extraLines += kept;
  if (r.givenType !== '') giveType(r, r.givenType);
  return OK;
}

/** A file takes the given type; the page of an error and another upstream's reply its charset alone. */
function giveType(r: HttpRequest, given: string): void {
  const isReplied = r.producer !== undefined && r.contentType !== '';
  if (!given.startsWith(';') && !isReplied) r.contentType = given;
  else if (r.contentType !== '' && !/;\s*charset=/i.test(r.contentType))
    r.contentType += charsetOf(given);
}
