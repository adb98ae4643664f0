/**
 * Downloads. `sendFile` streams what is made on the way; `sendProtected` lets the proxy send a file
 * from the disk, which no worker then waits for (nginx's X-Accel-Redirect).
 */

import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { getMimeType } from 'hono/utils/mime';
import { attachment } from './content-disposition.ts';
import { hasCode } from './errors.ts';
import type { RequestContext } from './views.ts';

/**
 * Answers with a file that `pieces` makes, named `name` for the client. The next piece is made when
 * the client has taken the one before; when the client goes, `pieces` is ended.
 */
export function sendFile(
  c: RequestContext,
  name: string,
  contentType: string,
  pieces: AsyncIterable<Uint8Array>,
): Response {
  return c.body(ReadableStream.from(pieces), 200, {
    'Content-Type': contentType,
    'Content-Disposition': attachment(name),
  });
}

/**
 * Has the proxy send the file `name` of the site's protected folder, with ranges and conditions as for
 * any other file. 404 where there is no such file; whoever may have it is the view's to decide.
 */
export async function sendProtected(c: RequestContext, name: string): Promise<Response> {
  const { folder, url } = c.var.site.protectedFiles;
  if (!isFileName(name) || !(await isFile(join(folder, name)))) return c.notFound();
  return c.body(null, 200, {
    'Content-Type': getMimeType(name) ?? 'application/octet-stream',
    'Content-Disposition': attachment(name),
    'X-Accel-Redirect': url + encodeURIComponent(name),
  });
}

/** Whether `name` names a file of one folder and nothing outside of it. Hidden files are none. */
export function isFileName(name: string): boolean {
  return /^[^./\\\0][^/\\\0]*$/.test(name) && name.isWellFormed() && Buffer.byteLength(name) <= 255;
}

/** A link may lead anywhere, so it is no file of the folder. */
async function isFile(path: string): Promise<boolean> {
  const found = await lstat(path).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  return found?.isFile() === true;
}
