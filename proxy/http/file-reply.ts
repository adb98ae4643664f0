/** A file as the reply: its fields, then its content from memory or from disk. */
import type { CoreConf } from './core-conf.ts';
import type { FileInfo } from './file-cache.ts';
import { FileSender } from './file-sender.ts';
import type { HttpRequest } from './request.ts';

/** Sends head and content. `allowRanges` as in nginx `r->allow_ranges`. */
export function sendFile(
  r: HttpRequest,
  path: string,
  info: FileInfo,
  contentType: string,
  core: CoreConf,
  allowRanges: boolean,
): void {
  r.status = 200;
  r.contentType = contentType;
  r.contentLength = info.size;
  r.lastModified = info.modified;
  r.lastModifiedText = info.modifiedText;
  if (core.etag) r.etag = info.etag;
  r.allowRanges = allowRanges;
  if (!r.sendHead()) return;
  if (r.isHead || r.status === 304 || info.size === 0) {
    r.end();
    return;
  }
  const { ranges } = r;
  if (ranges === undefined && info.content !== undefined) {
    r.end(info.content);
    return;
  }
  const parts = ranges ?? [{ head: '', start: 0, end: info.size }];
  new FileSender(r, path, parts, r.rangesTail).start();
}
