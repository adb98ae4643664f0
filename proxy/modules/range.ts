/** Byte ranges: nginx's ngx_http_range_filter_module. */
import {
  contentRange,
  matchesIfRange,
  parseRange,
  RANGE_IGNORED,
  RANGE_UNSATISFIABLE,
} from '../../wire/range.ts';
import { BodyFilter } from '../http/body-filter.ts';
import type { FilePart } from '../http/file-sender.ts';
import { defineModule } from '../http/module.ts';
import { OK, type Verdict } from '../http/phases.ts';
import { dropLines } from '../http/reply-lines.ts';
import type { HttpRequest } from '../http/request.ts';

const OWN: readonly string[] = ['content-range'];

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
  // Content that passes once, or was changed on its way, is cut here and has one range (nginx `single_range`).
  const isCutHere = !r.isSeekable;
  if (isCutHere && ranges !== RANGE_UNSATISFIABLE && ranges.length > 1) return OK;
  // An upstream's own, where `proxy_force_ranges` is on.
  r.extraLines = dropLines(r.extraLines, OWN);
  if (ranges === RANGE_UNSATISFIABLE) {
    r.extraLines = `Content-Range: bytes */${r.contentLength}\r\n${r.extraLines}`;
    return 416;
  }
  r.status = 206;
  r.reason = undefined;
  r.allowRanges = false;
  const whole = r.contentLength;
  const [first] = ranges;
  if (ranges.length === 1 && first !== undefined) {
    if (!isCutHere) r.ranges = [{ head: '', start: first.start, end: first.end }];
    else if (!r.isHead) r.addBodyFilter(new RangeFilter(r, first.start, first.end));
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

/** Lets bytes `start` up to and without `end` of what passes go on. */
class RangeFilter extends BodyFilter {
  private readonly start: number;
  private readonly stop: number;
  private at = 0;

  constructor(r: HttpRequest, start: number, end: number) {
    super(r);
    this.start = start;
    this.stop = end;
  }

  override write(chunk: Uint8Array | string): boolean {
    const part = this.cut(chunk);
    return part === undefined ? true : this.next.write(part);
  }

  override end(chunk?: Uint8Array | string, trailers?: string): void {
    this.next.end(chunk === undefined ? undefined : this.cut(chunk), trailers);
  }

  private cut(chunk: Uint8Array | string): Uint8Array | string | undefined {
    const { at } = this;
    this.at = at + chunk.length;
    const from = Math.max(this.start - at, 0);
    const to = Math.min(this.stop - at, chunk.length);
    if (from >= to) return undefined;
    if (from === 0 && to === chunk.length) return chunk;
    return typeof chunk === 'string' ? chunk.slice(from, to) : chunk.subarray(from, to);
  }
}
