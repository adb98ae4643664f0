/** A file as the reply: its fields, then its content from memory or from disk. */
import { closeSync, fstatSync } from 'node:fs';
import type { CoreConf } from './core-conf.ts';
import { FileInfo, openFile } from './file-cache.ts';
import { fileProblem } from './file-problem.ts';
import { type FilePart, FileSender } from './file-sender.ts';
import { DONE, type Verdict } from './phases.ts';
import type { HttpRequest } from './request.ts';

/**
 * Sends head and content. What is read from disk is opened before the head says how long it is, so
 * that both speak of one file. Returns DONE, or the status to answer with where the file cannot be
 * opened any more.
 */
export function sendFile(
  r: HttpRequest,
  path: string,
  info: FileInfo,
  contentType: string,
  core: CoreConf,
): Verdict {
  if (info.content !== undefined || r.isHead || info.size === 0) {
    if (sendFileHead(r, info, contentType, core)) sendFromMemory(r, info);
    return DONE;
  }
  const fd = openFile(path);
  if (typeof fd === 'string') return fileProblem(r, path, fd, 'open');
  let isSent = false;
  let now: FileInfo;
  try {
    now = new FileInfo(fstatSync(fd), '');
    isSent = sendFileHead(r, now, contentType, core);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  if (isSent && r.status !== 304 && now.size !== 0) {
    const parts = r.ranges ?? [{ head: '', start: 0, end: now.size }];
    new FileSender(r, path, fd, parts, r.rangesTail).start();
    return DONE;
  }
  closeSync(fd);
  if (isSent) r.end();
  return DONE;
}

function sendFileHead(
  r: HttpRequest,
  info: FileInfo,
  contentType: string,
  core: CoreConf,
): boolean {
  r.status = 200;
  r.contentType = contentType;
  r.contentLength = info.size;
  r.lastModified = info.modified;
  r.lastModifiedText = info.modifiedText;
  if (core.etag) r.etag = info.etag;
  r.allowRanges = true;
  r.isSeekable = true;
  return r.sendHead();
}

function sendFromMemory(r: HttpRequest, info: FileInfo): void {
  const { content } = info;
  if (content === undefined || r.isHead || r.status === 304) r.end();
  else if (r.ranges === undefined) r.end(content);
  else r.end(joinParts(content, r.ranges) + r.rangesTail);
}

/** Parts of a small file as latin1 text. */
function joinParts(content: string | Buffer, parts: readonly FilePart[]): string {
  let text = '';
  for (const { head, start, end } of parts) {
    text += head;
    text +=
      typeof content === 'string'
        ? content.slice(start, end)
        : content.toString('latin1', start, end);
  }
  return text;
}
