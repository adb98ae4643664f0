/** Which file a request means: `root` plus the path, or `alias` plus what follows the name it stands for. */
import { ALERT } from '../log/error-log.ts';
import { WHOLE_URI } from './core-conf.ts';
import type { HttpRequest } from './request.ts';

/**
 * nginx `ngx_http_map_uri_to_path`. The result is latin1, one character per byte; `undefined` where
 * an alias has no name to stand for, since the URI was rewritten, which is logged.
 */
export function filePath(r: HttpRequest): string | undefined {
  const { location, uri } = r;
  const base = location.root.constant ?? location.root.evaluate(r);
  const { alias } = location.core;
  if (alias === undefined) return base + uri;
  if (!r.isLocationValid) {
    const where = `location "${location.name}" where URI was rewritten`;
    r.log(ALERT, `"alias" cannot be used in ${where}`);
    return undefined;
  }
  if (alias.length === WHOLE_URI) return r.isUriAddedToAlias ? base + uri : base;
  return base + uri.substring(alias.length);
}
