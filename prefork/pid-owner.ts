/** Whether a live process is the one that wrote a pid file, or a stranger that got its number. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { textOf } from './errno.ts';

/**
 * The owner keeps its pid file open (`PidFile`), which /proc shows. Where /proc cannot be looked at
 * (another user's process, a system without it) the title decides: a program with this process's own
 * name counts as the owner. A process that has ended meanwhile owns nothing.
 */
export function ownsPidFile(pid: number, path: string): boolean {
  return holdsOpen(pid, path) ?? titleOf(pid).startsWith(ownName());
}

/** Undefined where nobody can tell. */
function holdsOpen(pid: number, path: string): boolean | undefined {
  const folder = `/proc/${pid}/fd`;
  const file = statSync(path);
  let descriptors: readonly string[];
  try {
    descriptors = readdirSync(folder);
  } catch {
    return undefined;
  }
  return descriptors.some((descriptor) => {
    try {
      const { dev, ino } = statSync(`${folder}/${descriptor}`);
      return dev === file.dev && ino === file.ino;
    } catch {
      return false; // Closed since the folder was read.
    }
  });
}

/** `tandem-appserver` of `tandem-appserver: master [app]`. */
function ownName(): string {
  return process.title.split(':', 1)[0] ?? process.title;
}

/** The words a process shows; empty where it is gone. */
function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch (error) {
    if (process.platform === 'linux' && textOf(error, 'code') === 'ENOENT') return '';
  }
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'latin1' });
  } catch {
    return ''; // ps fails for a process that is gone.
  }
}
