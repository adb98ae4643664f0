/** Conditional requests: nginx's ngx_http_not_modified_filter_module. */
import { parseHttpDate } from '../../wire/date.ts';
import { matchesIfMatch, matchesIfNoneMatch } from '../../wire/etag.ts';
import type { CoreConf } from '../http/core-conf.ts';
import { defineModule } from '../http/module.ts';
import { OK, type Verdict } from '../http/phases.ts';
import type { HttpRequest } from '../http/request.ts';

export const notModified = defineModule({
  name: 'http_not_modified_filter',
  directives: [],
  defaults: {},
  headerFilter:
    (_conf, { location }) =>
    (r) =>
      judge(r, location.core),
});

/** nginx `ngx_http_not_modified_header_filter`: preconditions first, then 304. */
function judge(r: HttpRequest, core: CoreConf): Verdict {
  const { head } = r;
  // Who produces content already is an upstream, which judged for itself (`disable_not_modified`).
  if (r.status !== 200 || r.producer !== undefined) return OK;
  const { ifUnmodifiedSince, ifMatch, ifModifiedSince, ifNoneMatch } = head;
  if (ifUnmodifiedSince !== undefined && !isUnmodified(r, ifUnmodifiedSince)) return 412;
  if (ifMatch !== undefined && !matchesIfMatch(ifMatch, tag(r))) return 412;
  if (ifModifiedSince === undefined && ifNoneMatch === undefined) return OK;
  if (ifModifiedSince !== undefined && isModified(r, ifModifiedSince, core)) return OK;
  if (ifNoneMatch !== undefined && !matchesIfNoneMatch(ifNoneMatch, tag(r))) return OK;
  r.status = 304;
  r.contentType = '';
  r.contentLength = -1;
  r.contentEncoding = '';
  r.allowRanges = false;
  return OK;
}

function tag(r: HttpRequest): string | undefined {
  return r.etag === '' ? undefined : r.etag;
}

function isUnmodified(r: HttpRequest, field: string): boolean {
  if (r.lastModified === -1) return false;
  const date = dateOf(field);
  return date !== -1 && r.lastModified <= date;
}

function isModified(r: HttpRequest, field: string, core: CoreConf): boolean {
  if (r.lastModified === -1 || core.if_modified_since === 'off') return true;
  const date = dateOf(field);
  if (date === r.lastModified) return false;
  return core.if_modified_since === 'exact' || date < r.lastModified;
}

/** Old clients add `; length=N` to the date; nginx reads no further than the time. */
function dateOf(field: string): number {
  const semicolon = field.indexOf(';');
  return parseHttpDate(semicolon === -1 ? field : field.slice(0, semicolon));
}
