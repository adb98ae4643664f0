/** Static files: nginx's ngx_http_static_module. */
import { escapePath } from '../../wire/escape.ts';
import type { CoreConf } from '../http/core-conf.ts';
import { fileInfo } from '../http/file-cache.ts';
import { filePath } from '../http/file-path.ts';
import { fileProblem } from '../http/file-problem.ts';
import { sendFile } from '../http/file-reply.ts';
import { mediaType } from '../http/media-type.ts';
import { defineModule } from '../http/module.ts';
import { DECLINED, type Verdict } from '../http/phases.ts';
import type { HttpRequest } from '../http/request.ts';
import { CRIT } from '../log/error-log.ts';

const SLASH = 0x2f;

export const staticFiles = defineModule({
  name: 'http_static',
  directives: [],
  defaults: {},
  phases: {
    content: (_conf, { location }) => {
      const { core } = location;
      return (r) => serveFile(r, core);
    },
  },
});

function serveFile(r: HttpRequest, core: CoreConf): Verdict {
  const { uri, method } = r;
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') return 405;
  if (uri.charCodeAt(uri.length - 1) === SLASH) return DECLINED;
  const path = filePath(r);
  if (path === undefined) return 500;
  const info = fileInfo(path, core, r.thread.clock.now);
  if (info.code !== '') return fileProblem(r, path, info.code, 'open');
  if (info.isDirectory) return redirectToSlash(r);
  if (method === 'POST') return 405;
  if (!info.isFile) {
    r.log(CRIT, `"${path}" is not a regular file`);
    return 404;
  }
  return sendFile(r, path, info, mediaType(uri, core), core);
}

/** A folder asked for without its final slash. */
function redirectToSlash(r: HttpRequest): Verdict {
  r.redirectTo = `${escapePath(r.uri)}/${r.args === '' ? '' : `?${r.args}`}`;
  return 301;
}
