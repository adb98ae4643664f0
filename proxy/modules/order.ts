/**
 * The features in the order in which a request meets them within a phase, and a reply meets their
 * filters. This list is the only place that knows all modules. See nginx `auto/modules`.
 */
import { core } from '../http/core.ts';
import type { HttpModule } from '../http/module.ts';
import { access } from './access.ts';
import { charset } from './charset.ts';
import { gzip } from './gzip.ts';
import { gzipStatic } from './gzip-static.ts';
import { headers } from './headers.ts';
import { index } from './index.ts';
import { limitConn } from './limit-conn.ts';
import { limitReq } from './limit-req.ts';
import { log } from './log.ts';
import { map } from './map.ts';
import { notModified } from './not-modified.ts';
import { proxy } from './proxy.ts';
import { range } from './range.ts';
import { realIp } from './realip.ts';
import { rewrite } from './rewrite.ts';
import { staticFiles } from './static.ts';
import { tryFiles } from './try-files.ts';
import { upstream } from './upstream.ts';

// Each module's settings are its own affair; the compiler hands them back to the module alone.
// biome-ignore lint/suspicious/noExplicitAny: see above
export const HTTP_MODULES: readonly HttpModule<any>[] = [
  core,
  realIp,
  map,
  rewrite,
  limitReq,
  limitConn,
  access,
  upstream,
  proxy,
  index,
  tryFiles,
  gzipStatic,
  staticFiles,
  log,
  // Header filters, in the order a reply meets them.
  notModified,
  headers,
  charset,
  gzip,
  range,
];
