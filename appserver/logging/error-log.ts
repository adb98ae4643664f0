/** The error log, in Gunicorn's format: `[2026-11-23 12:00:00 +0000] [4711] [INFO] Listening at: ...`. */
import { writeSync } from 'node:fs';
import { LOG_LEVELS } from '../settings/logging.ts';
import { LogFile } from './log-file.ts';

export type LogLevel = (typeof LOG_LEVELS)[number];

/** What the pool writes about itself. Each process and thread has its own. */
export interface ErrorLog {
  critical(message: string): void;
  error(message: string): void;
  warning(message: string): void;
  info(message: string): void;
  debug(message: string): void;
  reopen(): void;
  close(): void;
}

/** Opens the log at `path` (`-` is standard error). Throws where the file cannot be opened. */
export function openErrorLog(path: string, level: string): ErrorLog {
  const file = new LogFile(path, 2, (message) => sayOnStandardError(path, message));
  const enabled = LOG_LEVELS.indexOf(level as LogLevel);
  const writer = (name: LogLevel) => {
    if (LOG_LEVELS.indexOf(name) > enabled) return () => {};
    const label = `[${process.pid}] [${name.toUpperCase()}]`;
    return (message: string) => file.write(`[${isoDate(new Date())}] ${label} ${message}\n`);
  };
  return {
    critical: writer('critical'),
    error: writer('error'),
    warning: writer('warning'),
    info: writer('info'),
    debug: writer('debug'),
    reopen: () => file.reopen(),
    close: () => file.close(),
  };
}

/** Where else: the log that failed is the one that errors go to. */
function sayOnStandardError(path: string, message: string): void {
  if (path === '-') return;
  try {
    writeSync(2, `[${isoDate(new Date())}] [${process.pid}] [ERROR] ${message}\n`);
  } catch {
    // Nobody is left to tell.
  }
}

function two(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}

/** `+0000`, as strftime's %z. */
export function zoneOf(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

/** `12:00:00`. */
export function clockOf(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function isoDate(date: Date): string {
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${clockOf(date)} ${zoneOf(date)}`;
}
