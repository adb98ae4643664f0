/** The pid file of a master: written whole or not at all, removed only while it is still its own. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { textOf } from './errno.ts';

const PID_FILE_MODE = 0o644;

/** Thrown where Gunicorn's rule forbids to overwrite; the message is Gunicorn's. */
export class PidFileInUseError extends Error {
  override readonly name = 'PidFileInUseError';
  readonly code = 'ERR_PID_FILE_IN_USE';
  readonly pid: number;
  readonly path: string;

  constructor(path: string, pid: number) {
    super(`Already running on PID ${pid} (or pid file '${path}' is stale)`);
    this.pid = pid;
    this.path = path;
  }
}

/** What a pid file says: a pid, or the text that is none. */
export type PidFileContent = { readonly pid: number } | { readonly invalid: string };

/** Reads a pid file (`-s`, a second start). Throws Node's error where it cannot be read. */
export function readPid(path: string): PidFileContent {
  const text = readFileSync(path, 'latin1').replace(/[\r\n]+$/, '');
  const pid = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  return pid > 0 ? { pid } : { invalid: text };
}

/** Whether a process of that number lives, another user's included. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return textOf(error, 'code') === 'EPERM';
  }
}

/** A pid file this process has written. */
export class PidFile {
  #path: string;

  /**
   * Writes the own pid. `overwrite`: whatever is there is replaced (nginx). `refuse`: a file that
   * names another live process throws PidFileInUseError (Gunicorn). Throws Node's error where the
   * file cannot be written.
   */
  constructor(path: string, rule: 'overwrite' | 'refuse') {
    if (rule === 'refuse') refuseOthers(path);
    write(path);
    this.#path = path;
  }

  get path(): string {
    return this.#path;
  }

  /** Moves it, to `.oldbin` before an upgrade or back after one. Does nothing to another's file. */
  rename(path: string): void {
    if (isOwn(this.#path)) renameSync(this.#path, path);
    this.#path = path;
  }

  /** Removes it, unless another process has taken the file over. */
  remove(): void {
    if (isOwn(this.#path)) unlinkSync(this.#path);
  }
}

function refuseOthers(path: string): void {
  const pid = pidIn(path);
  if (pid === undefined || pid === process.pid) return;
  if (isAlive(pid)) throw new PidFileInUseError(path, pid);
}

function isOwn(path: string): boolean {
  return pidIn(path) === process.pid;
}

/** Undefined where there is no file or no pid in it. */
function pidIn(path: string): number | undefined {
  try {
    const content = readPid(path);
    return 'pid' in content ? content.pid : undefined;
  } catch (error) {
    if (textOf(error, 'code') === 'ENOENT') return undefined;
    throw error;
  }
}

function write(path: string): void {
  const text = `${process.pid}\n`;
  const target = targetOf(path);
  if (target === undefined) {
    writeFileSync(path, text); // `pid /dev/null;`: a device is written to, never replaced.
    return;
  }
  const draft = `${target}.${randomBytes(6).toString('hex')}`;
  const fd = openSync(draft, 'wx', 0o600);
  try {
    writeSync(fd, text);
    fchmodSync(fd, PID_FILE_MODE);
    renameSync(draft, target);
  } catch (error) {
    unlinkSync(draft);
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** The regular file to replace, symbolic links followed; undefined for what is no regular file. */
function targetOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return path;
  return found.isFile() ? realpathSync(path) : undefined;
}
