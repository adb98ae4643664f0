/**
 * The limit of open descriptors. It belongs to a process and is shared by its threads; at EMFILE
 * libuv drops clients in silence, so tiers check it at load.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The soft RLIMIT_NOFILE of this process; undefined where it is unlimited or cannot be read. */
export function openFileLimit(): number | undefined {
  return process.platform === 'linux' ? fromProc() : fromShell();
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
