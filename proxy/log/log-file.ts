/**
 * Files that whole lines are appended to. Each thread holds its own descriptor in append mode, so
 * lines of several threads never mix. USR1 opens them anew after they were moved away.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { codeOf } from '../config/paths.ts';
import type { LineSink } from './error-log.ts';

/** 0644, as nginx creates logs. */
const LOG_MODE = 0o644;

/** Longest wait for a full pipe, once, before lines are lost until it has room again. */
const PIPE_PATIENCE_MS = 200;

/** One open log file. Lines are latin1, one character per byte. */
export class LogFile implements LineSink {
  readonly path: string;
  /** Why the last write lost its lines, or `undefined`. Whoever reports it sets it back. */
  failure: unknown = undefined;
  private fd = -1;
  private bufferSize = 0;
  private flushMs = 0;
  /** Lines not written yet; always shorter than `bufferSize`. */
  private held = '';
  private timer: NodeJS.Timeout | undefined = undefined;
  private isStalled = false;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Lets lines wait until `sizeBytes` are together, or `flushMs` have passed since the first (0: no
   * bound). False where the file has other such bounds already.
   */
  buffer(sizeBytes: number, flushMs: number): boolean {
    if (this.bufferSize !== 0) return this.bufferSize === sizeBytes && this.flushMs === flushMs;
    this.bufferSize = sizeBytes;
    this.flushMs = flushMs;
    return true;
  }

  /** Throws Node's error where the file cannot be opened. */
  open(): void {
    if (this.fd === -1) this.fd = openLog(this.path);
  }

  /**
   * Writes at once, or into the buffer where there is one. A full disk or a closed pipe loses the
   * line, never the request, and says so in `failure`.
   */
  write(line: string): void {
    if (this.bufferSize === 0) {
      this.append(line);
      return;
    }
    if (this.held.length + line.length > this.bufferSize) this.flush();
    if (line.length > this.bufferSize) {
      this.append(line);
      return;
    }
    if (this.held === '' && this.flushMs !== 0) {
      this.timer = setTimeout(() => this.flush(), this.flushMs).unref();
    }
    this.held += line;
  }

  /** Writes what the buffer holds. */
  flush(): void {
    if (this.held === '') return;
    clearTimeout(this.timer);
    const text = this.held;
    this.held = '';
    this.append(text);
  }

  /** Opens the path anew; keeps the old file where that fails, and rethrows. */
  reopen(): void {
    this.flush();
    const fd = openLog(this.path);
    this.close();
    this.fd = fd;
  }

  close(): void {
    this.flush();
    if (this.fd > 2) closeSync(this.fd);
    this.fd = -1;
  }

  private append(text: string): void {
    try {
      const written = writeSync(this.fd, text, null, 'latin1');
      if (written !== text.length) this.appendRest(text.slice(written));
      this.isStalled = false;
    } catch (error) {
      if (codeOf(error) === 'EAGAIN' && !this.isStalled) this.appendRest(text);
      else this.failure = error;
    }
  }

  /**
   * What a pipe had no room for. Node makes its own pipes non-blocking, so where nginx would block
   * for as long as the reader takes, this waits for it a little while.
   */
  private appendRest(text: string): void {
    let rest = text;
    for (let waited = 0; waited < PIPE_PATIENCE_MS; waited++) {
      Atomics.wait(NOTHING, 0, 0, 1);
      try {
        rest = rest.slice(writeSync(this.fd, rest, null, 'latin1'));
        if (rest === '') return;
      } catch (error) {
        if (codeOf(error) === 'EAGAIN') continue;
        this.failure = error;
        return;
      }
    }
    this.isStalled = true;
    this.failure = new Error(`the reader of "${this.path}" is too slow`);
  }
}

/** Nobody ever wakes who waits here. */
const NOTHING = new Int32Array(new SharedArrayBuffer(4));

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

  /** Writes what buffers hold; before the thread ends. */
  flush(): void {
    for (const file of this.files.values()) file.flush();
  }

  close(): void {
    for (const file of this.files.values()) file.close();
  }
}
