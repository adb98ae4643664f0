/** Compressed siblings of a file, as gzip_static sends them: site.css.gz beside site.css. */

import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from 'node:zlib';

/** Endings of the siblings; each compresses as far as it can, since it is done once. */
const ENCODERS: Readonly<Record<string, (content: Buffer) => Buffer>> = {
  '.gz': (content) => gzipSync(content, { level: constants.Z_BEST_COMPRESSION }),
  '.br': (content) =>
    brotliCompressSync(content, {
      params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
    }),
  '.zst': (content) =>
    zstdCompressSync(content, {
      // Browsers need not read frames with a window beyond 8 MB (RFC 9659), which level 19 keeps to.
      params: { [constants.ZSTD_c_compressionLevel]: 19 },
    }),
};

/** The endings of all siblings there may be. */
export const ENDINGS: readonly string[] = Object.keys(ENCODERS);

/** Formats that are compressed already: trying costs time and gains nothing. */
const COMPRESSED =
  /\.(avif|gif|jpe?g|png|webp|woff2?|mp[34]|m4[av]|og[gv]|web[am]|avi|mov|mkv|pdf|zip|gz|tgz|bz2|xz|br|zst|7z)$/i;

/** The sibling with `ending` of the file `name`; undefined where it would not be smaller. */
export function compress(name: string, content: Buffer, ending: string): Buffer | undefined {
  if (COMPRESSED.test(name)) return undefined;
  const compressed = ENCODERS[ending]?.(content);
  return compressed !== undefined && compressed.length < content.length ? compressed : undefined;
}
