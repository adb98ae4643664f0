/** nginx's error log: levels and the line's form. Where lines go is decided by the LogWriter behind. */

/** Levels from most to least severe, as in `error_log`; a target logs its level and those above. */
export const LEVELS = [
  'stderr',
  'emerg',
  'alert',
  'crit',
  'error',
  'warn',
  'notice',
  'info',
  'debug',
] as const;
export type Level = (typeof LEVELS)[number];

export const EMERG = 1;
export const ALERT = 2;
export const CRIT = 3;
export const ERROR = 4;
export const WARN = 5;
export const NOTICE = 6;
export const INFO = 7;
export const DEBUG = 8;

/** Takes whole lines, each with its line feed; never throws. */
export interface LineSink {
  write(line: string): void;
}

/** One `error_log` line of a file. */
export interface ErrorLogTarget {
  /** Path as resolved, or `stderr`. */
  readonly path: string;
  /** Index into LEVELS: lines above this number are left out. */
  readonly level: number;
}

/** The error log of one location: every target takes its level and those above. */
export class ErrorLog {
  /** The least severe level that any target takes: below it a line need not even be made. */
  readonly level: number;
  private readonly targets: readonly { readonly level: number; readonly sink: LineSink }[];

  constructor(targets: readonly { readonly level: number; readonly sink: LineSink }[]) {
    this.targets = targets;
    this.level = Math.max(0, ...targets.map(({ level }) => level));
  }

  write(level: number, line: string): void {
    for (const target of this.targets) if (level <= target.level) target.sink.write(line);
  }
}

/** Local time as nginx writes it: `2026/11/23 06:30:00`. */
export function logTime(date: Date): string {
  const two = (n: number): string => (n < 10 ? `0${n}` : `${n}`);
  return (
    `${date.getFullYear()}/${two(date.getMonth() + 1)}/${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  );
}

/** nginx `NGX_MAX_ERROR_STR`: bytes of a line with its line feed. */
const LONGEST_LINE = 2048;
/** nginx `ngx_log_errno` keeps this much for what the system said. */
const ERRNO_ROOM = 50;
const ERRNO = / \(\d+: [^()]*\)/;

/** Cuts a line that a long request made too long, but keeps the system's reason. */
function shortened(line: string): string {
  const errno = ERRNO.exec(line);
  let text = line;
  if (errno !== null && errno.index > LONGEST_LINE - ERRNO_ROOM) {
    text = `${line.slice(0, LONGEST_LINE - ERRNO_ROOM)}...${line.slice(errno.index)}`;
  }
  return `${text.slice(0, LONGEST_LINE - 1)}\n`;
}

/** A whole line: `2026/11/23 06:30:00 [error] 12#1: *3 message`; `connection` 0 leaves `*N` out. */
export function errorLine(
  level: number,
  process: { pid: number; thread: number },
  connection: number,
  message: string,
): string {
  const serial = connection === 0 ? '' : `*${connection} `;
  const line = `${logTime(new Date())} [${LEVELS[level]}] ${process.pid}#${process.thread}: ${serial}${message}`;
  return line.length < LONGEST_LINE ? `${line}\n` : shortened(line);
}
