/** How much memory the processes that serve hold, as the kernel counts it. */
import { readFileSync } from 'node:fs';
import type { PoolProcess } from '../appserver/pool-process.ts';
import type { Front } from '../harness/front.ts';

/** Resident memory of a process in bytes; 0 where it is gone. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

/** The worker process of a pool of one, once its log names it. */
export async function firstWorker(pool: PoolProcess): Promise<number> {
  return Number((await pool.hears(/Booting worker with pid: (\d+)/))[1]);
}

/** The worker process of a front's master. */
export function workerPid(front: Front): number {
  const children = readFileSync(`/proc/${front.pid}/task/${front.pid}/children`, 'latin1');
  const [pid] = children.trim().split(' ').map(Number);
  if (pid === undefined || pid === 0) throw new Error('the front has no worker process');
  return pid;
}

/**
 * The most that a process grows, looked at every few milliseconds, while `work` is done. The bounds
 * that tests set on it are generous: a heap grows before it is collected.
 */
export async function growthDuring(pid: number, work: () => Promise<void>): Promise<number> {
  const before = residentBytes(pid);
  let most = before;
  const look = setInterval(() => {
    most = Math.max(most, residentBytes(pid));
  }, 20);
  try {
    await work();
  } finally {
    clearInterval(look);
  }
  return Math.max(most, residentBytes(pid)) - before;
}

/** 2^20 bytes, in which bounds are stated. */
export const MB = 1024 * 1024;
