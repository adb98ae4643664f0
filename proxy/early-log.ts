/** Messages of the command line and of a start: on the terminal, and in the file of `-e`. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { nameBytes, systemFailure, toByteString } from './config/paths.ts';
import { ALERT, errorLine, LEVELS } from './log/error-log.ts';

/** See the top of the file. Whoever makes it closes it. */
export class EarlyLog {
  private fd = -1;

  /** `path` is absolute; `undefined` and `stderr` mean the terminal alone. A file that cannot be
   * opened is an alert, and the start goes on (nginx `ngx_log_init`). */
  constructor(path: string | undefined) {
    if (path === undefined || path === 'stderr') return;
    const name = toByteString(path);
    try {
      this.fd = openSync(nameBytes(name), 'a', LOG_MODE);
    } catch (error) {
      const failure = systemFailure('open', name, error);
      this.write(ALERT, `could not open error log file: ${failure}`);
    }
  }

  /** A line for the terminal alone; latin1, one character per byte. */
  say(text: string): void {
    process.stderr.write(Buffer.from(`${text}\n`, 'latin1'));
  }

  /** A message with its level: `nginx: [emerg] ...`, and with time and process in the file. */
  write(level: number, text: string): void {
    this.say(`nginx: [${LEVELS[level]}] ${text}`);
    if (this.fd === -1) return;
    try {
      writeSync(
        this.fd,
        errorLine(level, { pid: process.pid, thread: 0 }, 0, text),
        null,
        'latin1',
      );
    } catch {
      // The terminal has the message; a full disk must not hide it behind another.
    }
  }

  close(): void {
    if (this.fd !== -1) closeSync(this.fd);
    this.fd = -1;
  }
}

/** 0644, as nginx creates logs. */
const LOG_MODE = 0o644;
