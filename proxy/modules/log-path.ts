/**
 * Log files whose path holds variables. Without `open_log_file_cache` such a file is opened for each
 * line, as in nginx. See `ngx_http_log_script_write`.
 */
import { statSync } from 'node:fs';
import { systemErrorText, systemFailure } from '../config/paths.ts';
import type { HttpRequest } from '../http/request.ts';
import type { Value } from '../http/script.ts';
import { CRIT } from '../log/error-log.ts';
import { LogFile } from '../log/log-file.ts';

/** `open_log_file_cache`: how many descriptors are kept, and how long. */
export interface LogFileCacheConf {
  readonly max: number;
  /** A file not used so long is closed. */
  readonly inactiveMs: number;
  /** Uses within `inactiveMs` that keep a file open. */
  readonly minUses: number;
  /** How long a path is trusted to be the same file. */
  readonly validMs: number;
}

interface KeptFile {
  readonly file: LogFile;
  inode: number;
  checkedAt: number;
  usedAt: number;
  uses: number;
}

/** The descriptors of one thread for one `open_log_file_cache`. */
export class LogFileCache {
  private readonly conf: LogFileCacheConf;
  /** In the order of use, the least recent first. */
  private readonly kept = new Map<string, KeptFile>();

  constructor(conf: LogFileCacheConf) {
    this.conf = conf;
  }

  /** Writes to the file at `path`, opened where it was not. Throws Node's error where it cannot be. */
  write(path: string, line: string, now: number): LogFile {
    const entry = this.kept.get(path) ?? newEntry(path, now);
    this.kept.delete(path);
    // After `valid` the path is looked at: the file may have been moved away (log rotation).
    if (now - entry.checkedAt >= this.conf.validMs) {
      entry.checkedAt = now;
      if (inodeOf(path) !== entry.inode) entry.file.close();
    }
    entry.file.open();
    if (entry.uses === 0 || entry.checkedAt === now) entry.inode = inodeOf(path);
    entry.usedAt = now;
    entry.uses++;
    this.kept.set(path, entry);
    entry.file.write(line);
    if (entry.uses < this.conf.minUses) entry.file.close();
    this.expire(now);
    return entry.file;
  }

  close(): void {
    for (const { file } of this.kept.values()) file.close();
    this.kept.clear();
  }

  private expire(now: number): void {
    for (const [path, entry] of this.kept) {
      const isOld = now - entry.usedAt >= this.conf.inactiveMs;
      if (!isOld && this.kept.size <= this.conf.max) return;
      this.kept.delete(path);
      entry.file.close();
    }
  }
}

function newEntry(path: string, now: number): KeptFile {
  return { file: new LogFile(path), inode: -1, checkedAt: now, usedAt: now, uses: 0 };
}

function inodeOf(path: string): number {
  return statSync(Buffer.from(path, 'latin1'), { throwIfNoEntry: false })?.ino ?? -1;
}

/** Writes a line to the file that `path` names for this request, if the site's root exists. */
export function writeToPath(
  r: HttpRequest,
  path: Value,
  cache: LogFileCache | undefined,
  line: string,
): LogFile | undefined {
  if (!hasRoot(r)) return undefined;
  const name = path.evaluate(r);
  try {
    if (cache !== undefined) return cache.write(name, line, r.thread.clock.now);
    const file = new LogFile(name);
    file.open();
    file.write(line);
    file.close();
    return file;
  } catch (error) {
    r.log(CRIT, systemFailure('open', name, error));
    return undefined;
  }
}

/**
 * A host name from the client must not create files: nginx logs to a path with variables only where
 * the request's root folder is there.
 */
function hasRoot(r: HttpRequest): boolean {
  const root = r.location.root.evaluate(r);
  try {
    if (statSync(Buffer.from(root, 'latin1')).isDirectory()) return true;
    r.logError(`"${root}" is not a directory`);
  } catch (error) {
    r.logError(`testing "${root}" existence failed ${systemErrorText(error)}`);
  }
  return false;
}
