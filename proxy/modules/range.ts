/** Byte ranges: nginx's ngx_http_range_filter_module. */
import {
  contentRange,
  matchesIfRange,
  parseRange,
  RANGE_IGNORED,
  RANGE_UNSATISFIABLE,
} from '../../wire/range.ts';
import type { FilePart } from '../http/file-sender.ts';
import { defineModule } from '../http/module.ts';
import { OK, type Verdict } from '../http/phases.ts';
import type { HttpRequest } from '../http/request.ts';

export const range = defineModule({
  name: 'http_range_filter',
  directives: [],
  defaults: {},
  headerFilter:
    (_conf, { location }) =>
    (r) =>
      r.allowRanges ? applyRange(r, location.core.max_ranges) : OK,
});

/** nginx `ngx_http_range_header_filter`. Accept-Ranges is announced on whole replies alone. */
function applyRange(r: HttpRequest, mostRanges: number): Verdict {
  const { range: field, ifRange } = r.head;
  if (r.status !== 200 || r.contentLength === -1 || mostRanges === 0) {
    r.allowRanges = false;
    return OK;
  }
  if (field === undefined) return OK;
  if (ifRange !== undefined && !matchesIfRange(ifRange, r.etag || undefined, r.lastModified))
    return OK;
  const ranges = parseRange(field, r.contentLength, mostRanges);
  if (ranges === RANGE_IGNORED) return OK;
  if (ranges === RANGE_UNSATISFIABLE) {
    r.extraLines = `Content-Range: bytes */${r.contentLength}\r\n${r.extraLines}`;
    return 416;
  }
  r.status = 206;
  r.allowRanges = false;
  const whole = r.contentLength;
  const [first] = ranges;
  if (ranges.length === 1 && first !== undefined) {
    r.ranges = [{ head: '', start: first.start, end: first.end }];
    r.extraLines = `Content-Range: ${contentRange(first, whole)}\r\n${r.extraLines}`;
    r.contentLength = first.end - first.start;
    return OK;
  }
  applyMultipart(r, ranges, whole);
  return OK;
}

let lastBoundary = 0;

/** nginx's boundary: a number of 20 digits, another one for each reply. */
function nextBoundary(): string {
  lastBoundary++;
  return String(lastBoundary).padStart(20, '0');
}

function applyMultipart(
  r: HttpRequest,
  ranges: readonly { start: number; end: number }[],
  whole: number,
): void {
  const boundary = nextBoundary();
  const type = r.contentType === '' ? '' : `Content-Type: ${r.contentType}\r\n`;
  let length = 0;
  const parts: FilePart[] = ranges.map((part) => {
    const head = `\r\n--${boundary}\r\n${type}Content-Range: ${contentRange(part, whole)}\r\n\r\n`;
    length += head.length + part.end - part.start;
    return { head, start: part.start, end: part.end };
  });
  r.ranges = parts;
  r.rangesTail = `\r\n--${boundary}--\r\n`;
  r.contentLength = length + r.rangesTail.length;
  r.contentType = `multipart/byteranges; boundary=${boundary}`;
}
