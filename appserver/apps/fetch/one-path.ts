/**
 * Whether a front and the application mean the same path. nginx chooses a location by the path that
 * it decodes, merges and resolves, and then passes the target on as it came; a URL resolves dot
 * segments without decoding and without merging. `/admin//../x` is `/x` to the one and `/admin/x` to
 * the other, and rules such as `location /admin/ { deny all; }` would not hold.
 */
import { normalisePath } from '../../../wire/path.ts';

/** A segment of one or two dots, in every spelling that one of the two reads. */
const DOT_SEGMENT = /(?:\/|%2f)(?:\.|%2e){1,2}(?:\/|%2f|$)/i;

/** The path of a target that begins with it, up to query and fragment. */
export function pathOf(target: string): string {
  const end = target.search(/[?#]/);
  return end === -1 ? target : target.slice(0, end);
}

/**
 * Whether `path`, as sent, and `pathname`, what its URL says, are one path, whichever way the front
 * treats slashes (`merge_slashes`). Only dot segments can make a difference.
 */
export function isOnePath(path: string, pathname: string): boolean {
  if (!DOT_SEGMENT.test(path)) return true;
  const seen = decode(pathname);
  const merged = normalisePath(path, true)?.path;
  const unmerged = normalisePath(path, false)?.path;
  return merged === seen.replaceAll(/\/{2,}/g, '/') && unmerged === seen;
}

function decode(pathname: string): string {
  return pathname.replaceAll(/%[0-9a-f]{2}/gi, (each) =>
    String.fromCharCode(Number.parseInt(each.slice(1), 16)),
  );
}
