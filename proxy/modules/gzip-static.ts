/** Sends `file.gz` where it lies beside the file: nginx's ngx_http_gzip_static_module. */
import { HTTP, LOCATION, SERVER } from '../config/directive.ts';
import { assign, oneOf } from '../config/readers.ts';
import type { CoreConf } from '../http/core-conf.ts';
import { fileInfo } from '../http/file-cache.ts';
import { filePath } from '../http/file-path.ts';
import { fileProblem } from '../http/file-problem.ts';
import { sendFile } from '../http/file-reply.ts';
import { mediaType } from '../http/media-type.ts';
import { defineModule } from '../http/module.ts';
import { DECLINED, type Verdict } from '../http/phases.ts';
import type { HttpRequest } from '../http/request.ts';
import { gzip } from './gzip.ts';
import { type GzipConditions, mayCompress } from './gzip-conditions.ts';

interface GzipStaticConf {
  readonly gzip_static: 'off' | 'on' | 'always';
}

export const gzipStatic = defineModule<GzipStaticConf>({
  name: 'http_gzip_static',
  directives: [
    {
      name: 'gzip_static',
      in: HTTP | SERVER | LOCATION,
      args: [1, 1],
      set: assign(oneOf({ off: 'off', on: 'on', always: 'always' } as const)),
    },
  ],
  defaults: { gzip_static: 'off' },
  phases: {
    content({ gzip_static: mode }, { location }) {
      if (mode === 'off') return undefined;
      const conditions = location.conf(gzip);
      return (r) => serve(r, mode, conditions, location.core);
    },
  },
});

const SLASH = 0x2f;

/** nginx `ngx_http_gzip_static_handler`. */
function serve(
  r: HttpRequest,
  mode: 'on' | 'always',
  conf: GzipConditions,
  core: CoreConf,
): Verdict {
  const { uri, method } = r;
  if (method !== 'GET' && method !== 'HEAD') return DECLINED;
  if (uri.charCodeAt(uri.length - 1) === SLASH) return DECLINED;
  const isTaken = mode === 'always' || mayCompress(r, conf);
  if (!isTaken && !conf.gzip_vary) return DECLINED;
  const plain = filePath(r);
  if (plain === undefined) return 500;
  const path = `${plain}.gz`;
  const info = fileInfo(path, core, r.thread.clock.now);
  if (info.code !== '') {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(info.code)) return DECLINED;
    fileProblem(r, path, info.code, 'open');
    return DECLINED;
  }
  if (mode === 'on') {
    r.variesByEncoding = conf.gzip_vary;
    if (!isTaken) return DECLINED;
  }
  if (!info.isFile) return info.isDirectory ? DECLINED : 404;
  r.contentEncoding = 'gzip';
  return sendFile(r, path, info, mediaType(uri, core), core);
}
