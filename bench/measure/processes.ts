/** What the kernel says of a process and its descendants: processor time and memory. */
import { readdirSync, readFileSync } from 'node:fs';

/** One process of the system and its parent. */
export interface Kin {
  readonly pid: number;
  readonly parent: number;
}

/** Processor nanoseconds by task, so that two readings can be subtracted task by task. */
export type TimeByTask = ReadonlyMap<string, number>;

/** Where processor time was read from: nanoseconds of run time, or ticks of 10 ms. */
export type TimeSource = 'schedstat' | 'stat';

const NANOSECONDS_PER_TICK = 10_000_000;

/**
 * Parent of a process, from the text of /proc/PID/stat. The command stands in parentheses and may
 * itself hold parentheses and spaces, so fields are counted from the last closing one.
 */
export function parentFromStat(text: string): number {
  return Number(fieldsAfterCommand(text)[1]);
}

/** User and system time in nanoseconds, children excluded, from the text of /proc/PID/stat. */
export function timeFromStat(text: string): number {
  const fields = fieldsAfterCommand(text);
  return (Number(fields[11]) + Number(fields[12])) * NANOSECONDS_PER_TICK;
}

/** Run time in nanoseconds from the text of a schedstat file: run time, wait time, time slices. */
export function timeFromSchedstat(text: string): number {
  return Number(text.trim().split(' ')[0]);
}

/** Proportional set size in bytes from the text of /proc/PID/smaps_rollup. */
export function pssFromRollup(text: string): number {
  const match = /^Pss:\s+(\d+) kB$/m.exec(text);
  if (match === null) throw new Error('no Pss line in smaps_rollup');
  return Number(match[1]) * 1024;
}

/**
 * Time in nanoseconds that one core was not idle, from the text of /proc/stat, whoever used it:
 * all columns but idle and iowait; guest time is within user time already.
 */
export function coreTimeFromStat(text: string, core: number): number {
  const line = text.split('\n').find((one) => one.startsWith(`cpu${core} `));
  if (line === undefined) throw new Error(`no core ${core} in /proc/stat`);
  const ticks = line.split(' ').slice(1, 9).map(Number);
  const idle = ticks[3]! + ticks[4]!;
  return (ticks.reduce((sum, one) => sum + one, 0) - idle) * NANOSECONDS_PER_TICK;
}

/** Time in nanoseconds that one core was not idle since the machine began. */
export function readCoreTime(core: number): number {
  return coreTimeFromStat(readFileSync('/proc/stat', 'latin1'), core);
}

/** Every process below `root`, itself first. */
export function descendantsAmong(root: number, kin: readonly Kin[]): number[] {
  const found = [root];
  for (let next = 0; next < found.length; next++) {
    for (const one of kin) {
      if (one.parent === found[next] && !found.includes(one.pid)) found.push(one.pid);
    }
  }
  return found;
}

/** The live processes below `root`, itself first. */
export function familyOf(root: number): number[] {
  const kin: Kin[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const text = readOrNothing(`/proc/${name}/stat`);
    if (text !== '') kin.push({ pid: Number(name), parent: parentFromStat(text) });
  }
  return descendantsAmong(root, kin);
}

/** The finest source of processor time that this kernel offers. */
export function timeSource(): TimeSource {
  return readOrNothing(`/proc/${process.pid}/schedstat`) === '' ? 'stat' : 'schedstat';
}

/** Processor time so far of every task of the given processes. */
export function readTimes(pids: readonly number[], source: TimeSource): TimeByTask {
  const times = new Map<string, number>();
  for (const pid of pids) {
    if (source === 'stat') addStatTime(times, pid);
    else addTaskTimes(times, pid);
  }
  return times;
}

/**
 * Nanoseconds spent between two readings. A task that began in between counts whole; one that ended
 * in between took its time with it, which would flatter the figure: that throws.
 */
export function timeBetween(before: TimeByTask, after: TimeByTask): number {
  for (const task of before.keys()) {
    if (!after.has(task)) throw new Error(`task ${task} ended while it was measured`);
  }
  let total = 0;
  for (const [task, time] of after) total += time - (before.get(task) ?? 0);
  return total;
}

/** Proportional set size of the given processes together, in bytes. */
export function readPss(pids: readonly number[]): number {
  let total = 0;
  for (const pid of pids) {
    total += pssFromRollup(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'));
  }
  return total;
}

/** The most descriptors a process started here may be allowed to open. */
export function descriptorLimit(): number {
  const match = /^Max open files\s+\S+\s+(\d+|unlimited)/m.exec(
    readFileSync('/proc/self/limits', 'latin1'),
  );
  if (match === null) throw new Error('no open file limit in /proc/self/limits');
  return match[1] === 'unlimited' ? 1_048_576 : Number(match[1]);
}

function addStatTime(times: Map<string, number>, pid: number): void {
  const text = readOrNothing(`/proc/${pid}/stat`);
  if (text !== '') times.set(String(pid), timeFromStat(text));
}

function addTaskTimes(times: Map<string, number>, pid: number): void {
  for (const task of tasksOf(pid)) {
    const text = readOrNothing(`/proc/${pid}/task/${task}/schedstat`);
    if (text !== '') times.set(`${pid}/${task}`, timeFromSchedstat(text));
  }
}

function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // the process ended; timeBetween notices
  }
}

function fieldsAfterCommand(text: string): string[] {
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // a process may end between being listed and being read
  }
}
