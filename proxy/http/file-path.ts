/** Which file a request means: `root` plus the path, or `alias` plus what follows the location's name. */
import type { HttpRequest } from './request.ts';

/** nginx `ngx_http_map_uri_to_path`. The result is latin1, one character per byte. */
export function filePath(r: HttpRequest, uri: string = r.uri): string {
  const { location } = r;
  const base = location.root.constant ?? location.root.evaluate(r);
  if (location.core.alias === undefined) return base + uri;
  // The alias of a regular expression stands for the whole path.
  if (location.isRegex) return r.isUriAddedToAlias ? base + uri : base;
  return base + uri.slice(location.name.length);
}
