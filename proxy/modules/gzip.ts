/** Compresses replies on their way: nginx's ngx_http_gzip_filter_module. */
import { constants, createGzip, type Gzip, gzipSync } from 'node:zlib';
import { weaken } from '../../wire/etag.ts';
import {
  type Directive,
  fail,
  HTTP,
  LOCATION,
  LOCATION_IF,
  ONE_OR_MORE,
  SERVER,
} from '../config/directive.ts';
import { assign, buffers, flag, integerBetween, mediaTypes, size } from '../config/readers.ts';
import { BodyFilter } from '../http/body-filter.ts';
import { defineModule } from '../http/module.ts';
import { OK, type Verdict } from '../http/phases.ts';
import { dropLines } from '../http/reply-lines.ts';
import type { HttpRequest } from '../http/request.ts';
import { CRIT } from '../log/error-log.ts';
import {
  GZIP_CONDITION_DEFAULTS,
  type GzipConditions,
  gzipConditionRows,
  mayCompress,
} from './gzip-conditions.ts';

interface GzipConf extends GzipConditions {
  readonly gzip: boolean;
  readonly gzip_comp_level: number;
  readonly gzip_min_length: number;
  /** Media types in lower case; `*` is all. */
  readonly gzip_types: ReadonlySet<string>;
  readonly gzip_window: number;
  readonly gzip_hash: number;
}

const PLACES = HTTP | SERVER | LOCATION;

/** Content up to this size that is at hand whole is compressed at once, without a stream. */
const AT_ONCE_BYTES = 64 * 1024;
/**
 * What an upstream said of the content as it was: its ranges, and an ETag without text, which has no slot
 * in a reply (nginx `ngx_http_clear_accept_ranges`, `ngx_http_weak_etag`).
 */
const OF_CONTENT: readonly string[] = ['accept-ranges', 'etag'];
/** Compressed content that may wait for a slow client. */
const WAITING_BYTES = 64 * 1024;

export const gzip = defineModule<GzipConf>({
  name: 'http_gzip_filter',
  directives: [
    { name: 'gzip', in: PLACES | LOCATION_IF, args: 'flag', set: assign(flag) },
    { name: 'gzip_comp_level', in: PLACES, args: [1, 1], set: assign(integerBetween(1, 9)) },
    { name: 'gzip_min_length', in: PLACES, args: [1, 1], set: assign(size) },
    { name: 'gzip_types', in: PLACES, args: ONE_OR_MORE, set: mediaTypes() },
    { name: 'gzip_window', in: PLACES, args: [1, 1], set: assign(powerOfTwo(512, 32768, 9)) },
    { name: 'gzip_hash', in: PLACES, args: [1, 1], set: assign(powerOfTwo(512, 131072, 1)) },
    // Sizes and waiting that only nginx's own buffers know.
    { name: 'gzip_buffers', in: PLACES, args: [2, 2], set: assign(buffers) },
    { name: 'gzip_no_buffer', in: PLACES, args: 'flag', set: assign(flag) },
    { name: 'postpone_gzipping', in: PLACES, args: [1, 1], set: assign(size) },
    ...gzipConditionRows,
  ],
  defaults: {
    ...GZIP_CONDITION_DEFAULTS,
    gzip: false,
    gzip_comp_level: 1,
    gzip_min_length: 20,
    gzip_types: new Set(['text/html']),
    gzip_window: 15,
    gzip_hash: 8,
  },
  headerFilter: (conf) => (conf.gzip ? (r) => compress(r, conf) : undefined),
});

/** A size that must be a power of two; kept as its exponent, at least `least`. */
function powerOfTwo(from: number, to: number, least: number): (directive: Directive) => number {
  return (directive) => {
    const value = size(directive);
    const exponent = Math.log2(value);
    if (!Number.isInteger(exponent) || value < from || value > to) {
      fail(
        directive,
        `"${directive.name}" directive must be ${from === 512 && to === 32768 ? '512, 1k, 2k, 4k, 8k, 16k, or 32k' : '512, 1k, 2k, 4k, 8k, 16k, 32k, 64k, or 128k'}`,
      );
    }
    return from === 512 && to === 32768 ? exponent : Math.max(least, exponent - 8);
  };
}

/** nginx `ngx_http_gzip_header_filter`. */
function compress(r: HttpRequest, conf: GzipConf): Verdict {
  const { status, contentLength } = r;
  if (status !== 200 && status !== 403 && status !== 404) return OK;
  if (r.contentEncoding !== '' || (contentLength !== -1 && contentLength < conf.gzip_min_length)) {
    return OK;
  }
  if (!isCompressible(r.contentType, conf.gzip_types)) return OK;
  r.variesByEncoding = conf.gzip_vary;
  if (!mayCompress(r, conf)) return OK;
  r.contentEncoding = 'gzip';
  r.contentLength = -1;
  r.allowRanges = false;
  if (r.extraLines !== '') r.extraLines = dropLines(r.extraLines, OF_CONTENT);
  if (r.etag !== '') r.etag = weaken(r.etag);
  // HEAD is told of the coding, and there is nothing to compress.
  if (!r.isHead) r.addBodyFilter(new GzipFilter(r, conf));
  return OK;
}

function isCompressible(contentType: string, types: ReadonlySet<string>): boolean {
  // nginx ngx_http_test_content_type: `*` is any, and none.
  if (types.has('*')) return true;
  if (contentType === '') return false;
  const semicolon = contentType.indexOf(';');
  const type = semicolon === -1 ? contentType : contentType.slice(0, semicolon).trimEnd();
  return types.has(type) || types.has(type.toLowerCase());
}

/** Compresses what passes. Whole small content is done at once; the rest streams on the thread pool. */
class GzipFilter extends BodyFilter {
  private readonly options: { level: number; windowBits: number; memLevel: number };
  private stream: Gzip | undefined = undefined;
  private isOver = false;
  private trailers: string | undefined = undefined;

  constructor(r: HttpRequest, conf: GzipConf) {
    super(r);
    this.options = {
      level: conf.gzip_comp_level,
      windowBits: conf.gzip_window,
      memLevel: conf.gzip_hash,
    };
  }

  override write(chunk: Uint8Array | string): boolean {
    return this.open().write(asBytes(chunk));
  }

  override flush(): void {
    this.stream?.flush(constants.Z_SYNC_FLUSH);
  }

  override end(chunk?: Uint8Array | string, trailers?: string): void {
    if (this.stream === undefined && (chunk?.length ?? 0) <= AT_ONCE_BYTES) {
      this.isOver = true;
      this.next.end(gzipSync(asBytes(chunk ?? ''), this.options), trailers);
      return;
    }
    this.trailers = trailers;
    const stream = this.open();
    if (chunk === undefined) stream.end();
    else stream.end(asBytes(chunk));
  }

  /** The exchange has room again: go on reading what is compressed. */
  override drained(): void {
    this.stream?.resume();
  }

  override abandon(): void {
    this.isOver = true;
    this.stream?.destroy();
  }

  private open(): Gzip {
    if (this.stream !== undefined) return this.stream;
    const stream = createGzip({ ...this.options, chunkSize: WAITING_BYTES });
    this.stream = stream;
    stream.on('data', (bytes: Buffer) => {
      this.r.guard(() => {
        if (!this.isOver && !this.next.write(bytes)) stream.pause();
      });
    });
    stream.on('drain', () => {
      if (!this.isOver) this.r.guard(() => this.askForMore());
    });
    stream.on('end', () => {
      if (this.isOver) return;
      this.isOver = true;
      this.r.guard(() => this.next.end(undefined, this.trailers));
    });
    stream.on('error', (error) => {
      if (this.isOver) return;
      this.isOver = true;
      this.r.guard(() => {
        this.r.log(CRIT, `deflate() failed: ${error.message}`);
        this.r.abort();
      });
    });
    return stream;
  }
}

function asBytes(chunk: Uint8Array | string): Uint8Array {
  return typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk;
}
