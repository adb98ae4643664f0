/**
 * The limit of open descriptors. It belongs to a process and is shared by its threads; at EMFILE
 * libuv drops clients in silence, so threads stop accepting before (`connectionPlaces`).
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** The soft RLIMIT_NOFILE of this process; undefined where it is unlimited or cannot be read. */
export function openFileLimit(): number | undefined {
  return process.platform === 'linux' ? fromProc() : fromShell();
}

/** What a worker process holds where nobody can count it: about this much, and so much per thread. */
const GUESSED = { process: 16, thread: 16 };

/** Descriptors that a process keeps for what requests open, where it has many. */
const KEPT_MOST = 4096;

/**
 * How many clients each of `threads` may hold, shared evenly: half of the descriptors that are still
 * free, and all but 4,096 where there are many. The others are for the files and upstream connections
 * that requests need (nginx counts both among worker_connections). Undefined where there is no limit.
 * Ask once a process has opened its logs and started its threads.
 */
export function connectionPlaces(threads: number): number | undefined {
  const limit = openFileLimit();
  if (limit === undefined) return undefined;
  return placesOf(limit, openDescriptors() ?? GUESSED.process + threads * GUESSED.thread, threads);
}

/** At least one place for each thread. */
export function placesOf(limit: number, held: number, threads: number): number {
  const free = limit - held;
  return Math.max(1, Math.floor(Math.max(free / 2, free - KEPT_MOST) / threads));
}

function openDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined; // Not Linux, or /proc is hidden.
  }
}

function fromProc(): number | undefined {
  try {
    return parseLimits(readFileSync('/proc/self/limits', 'latin1'));
  } catch {
    return fromShell(); // /proc may be hidden.
  }
}

/** The soft limit in the text of /proc/self/limits. */
export function parseLimits(text: string): number | undefined {
  const soft = /^Max open files +(\S+)/m.exec(text)?.[1];
  return toNumber(soft);
}

/** A shell inherits the limit and can tell it. */
function fromShell(): number | undefined {
  try {
    return toNumber(execFileSync('/bin/sh', ['-c', 'ulimit -n'], { encoding: 'latin1' }).trim());
  } catch {
    return undefined; // No shell: nobody can tell.
  }
}

function toNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
