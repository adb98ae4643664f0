/**
 * The pid file of a master: written whole or not at all, removed only while it is still its own.
 *
 * A number alone proves nothing: after a crash or in a new container it may be another program's. So
 * the owner keeps its file open, and who finds a live pid in a file looks whether that process does.
 */
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
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
import { dirname } from 'node:path';
import { textOf } from './errno.ts';
import { ownsPidFile } from './pid-owner.ts';

const PID_FILE_MODE = 0o644;

/**
 * `overwrite`: whatever is there is replaced (nginx). `refuse`: a file that belongs to another live
 * process throws PidFileInUseError (Gunicorn).
 */
export type PidFileRule = 'overwrite' | 'refuse';

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

/**
 * For a start, before anything is bound: throws what `new PidFile` would throw, and writes nothing.
 * The file itself is written once clients are answered.
 */
export function checkPidFile(path: string, rule: PidFileRule): void {
  if (rule === 'refuse') refuseOthers(path);
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) closeSync(openSync(path, 'r+'));
  else accessSync(dirname(path), constants.W_OK | constants.X_OK);
}

/** A pid file this process has written. */
export class PidFile {
  #path: string;
  /** Kept open: the proof that the file is this process's. -1 for a device. */
  #fd: number;

  /** Writes the own pid. Throws PidFileInUseError, or Node's error where it cannot be written. */
  constructor(path: string, rule: PidFileRule) {
    if (rule === 'refuse') refuseOthers(path);
    this.#fd = write(path);
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
    if (this.#fd !== -1) closeSync(this.#fd);
    this.#fd = -1;
  }
}

function refuseOthers(path: string): void {
  const pid = pidIn(path);
  if (pid === undefined || pid === process.pid || !isAlive(pid)) return;
  if (ownsPidFile(pid, path)) throw new PidFileInUseError(path, pid);
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

/** Writes the pid; answers the descriptor of the file, -1 for a device. */
function write(path: string): number {
  const text = `${process.pid}\n`;
  const target = targetOf(path);
  if (target === undefined) {
    writeFileSync(path, text); // `pid /dev/null;`: a device is written to, never replaced.
    return -1;
  }
  const draft = openDraft(target);
  if (draft === undefined) return rewrite(target, text);
  try {
    writeSync(draft.fd, text);
    fchmodSync(draft.fd, PID_FILE_MODE);
    renameSync(draft.path, target);
  } catch (error) {
    closeSync(draft.fd);
    unlinkSync(draft.path);
    throw error;
  }
  return draft.fd;
}

/** A new file beside the target; undefined where the folder takes none, but the file is there. */
function openDraft(target: string): { readonly fd: number; readonly path: string } | undefined {
  const path = `${target}.${randomBytes(6).toString('hex')}`;
  try {
    return { fd: openSync(path, 'wx', 0o600), path };
  } catch (error) {
    if (textOf(error, 'code') === 'EACCES' && existsSync(target)) return undefined;
    throw error;
  }
}

/** A file made for this user in a folder of root's (`/run/nginx.pid` in images) is written in place. */
function rewrite(target: string, text: string): number {
  const fd = openSync(target, 'w');
  writeSync(fd, text);
  return fd;
}

/** The regular file to replace, symbolic links followed; undefined for what is no regular file. */
function targetOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return path;
  return found.isFile() ? realpathSync(path) : undefined;
}
