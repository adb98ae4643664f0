/**
 * Files that whole lines are appended to. Each thread holds its own descriptor in append mode, so
 * lines of several threads never mix. USR1 opens them anew after they were moved away.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { LineSink } from './error-log.ts';

/** 0644, as nginx creates logs. */
const LOG_MODE = 0o644;

/** One open log file. Lines are latin1, one character per byte. */
export class LogFile implements LineSink {
  readonly path: string;
  private fd = -1;

  constructor(path: string) {
    this.path = path;
  }

  /** Throws Node's error where the file cannot be opened. */
  open(): void {
    if (this.fd === -1) this.fd = openLog(this.path);
  }

  /** Writes at once; a full disk or a closed pipe loses the line, never the request. */
  write(line: string): void {
    try {
      writeSync(this.fd, line, null, 'latin1');
    } catch {
      // Where would one complain that the log cannot be written? nginx is silent here too.
    }
  }

  /** Opens the path anew; keeps the old file where that fails, and rethrows. */
  reopen(): void {
    const fd = openLog(this.path);
    this.close();
    this.fd = fd;
  }

  close(): void {
    if (this.fd > 2) closeSync(this.fd);
    this.fd = -1;
  }
}

function openLog(path: string): number {
  // After setuid the device files cannot be opened any more, but the descriptors are there.
  if (path === 'stderr' || path === '/dev/stderr') return 2;
  if (path === '/dev/stdout') return 1;
  return openSync(Buffer.from(path, 'latin1'), 'a', LOG_MODE);
}

/** The log files of one load, each path once. Named while compiling, opened by who will write. */
export class LogFiles {
  private readonly files = new Map<string, LogFile>();

  /** The file for a path; it takes no lines until `openAll`. */
  file(path: string): LogFile {
    let file = this.files.get(path);
    if (file === undefined) {
      file = new LogFile(path);
      this.files.set(path, file);
    }
    return file;
  }

  /** Whether a path is among the files. */
  writesTo(path: string): boolean {
    return this.files.has(path);
  }

  /** Opens every file named. Throws Node's error, its `path` set, at the first that cannot be. */
  openAll(): void {
    for (const file of this.files.values()) file.open();
  }

  /** Opens every file anew; `failed` hears of those that cannot be. */
  reopen(failed: (path: string, error: unknown) => void): void {
    for (const file of this.files.values()) {
      try {
        file.reopen();
      } catch (error) {
        failed(file.path, error);
      }
    }
  }

  close(): void {
    for (const file of this.files.values()) file.close();
  }
}
