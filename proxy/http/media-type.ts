/** The media type of a path, by `types` and `default_type`. See nginx `ngx_http_set_content_type`. */
import type { CoreConf } from './core-conf.ts';

/** The type for the extension of the path's last segment. */
export function mediaType(uri: string, core: CoreConf): string {
  const dot = uri.lastIndexOf('.');
  // nginx: no extension where a slash follows the dot, or the dot begins the segment.
  if (dot === -1 || uri.indexOf('/', dot) !== -1 || uri.charCodeAt(dot - 1) === SLASH) {
    return core.default_type;
  }
  const extension = uri.slice(dot + 1);
  return core.types.get(extension) ?? core.types.get(extension.toLowerCase()) ?? core.default_type;
}

const SLASH = 0x2f;

/** `; charset=NAME` of a Content-Type, '' without one: nginx keeps it apart from the type. */
export function charsetOf(contentType: string): string {
  const charset = /;\s*charset="?([^\s;"]+)/i.exec(contentType)?.[1];
  return charset === undefined ? '' : `; charset=${charset}`;
}
