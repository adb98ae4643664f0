/** User and group: looking them up, and changing to them for good. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Privileges } from './types.ts';

/** A user as the system's database has it. */
export interface UserEntry {
  readonly uid: number;
  /** The primary group. */
  readonly gid: number;
}

/** The user of that name (or number in digits); undefined where there is none. */
export function lookupUser(name: string): UserEntry | undefined {
  const fields = findEntry('passwd', name);
  return fields && { uid: Number(fields[2]), gid: Number(fields[3]) };
}

/** The number of the group of that name (or number in digits); undefined where there is none. */
export function lookupGroup(name: string): number | undefined {
  const fields = findEntry('group', name);
  return fields && Number(fields[2]);
}

/** Whether this process may change its user. */
export function mayDropPrivileges(): boolean {
  return process.geteuid?.() === 0;
}

/**
 * Changes the whole process, its running threads included, to another user and group; there is no
 * way back. Supplementary groups are the user's own (`initgroups`) or the one group. Call on the
 * main thread. Throws where the system refuses or a name is unknown.
 */
export function dropPrivileges({ user, group, initgroups }: Privileges): void {
  const { setgroups, setgid, setuid } = process;
  if (setgroups === undefined || setgid === undefined || setuid === undefined) return;
  if (initgroups) takeGroupsOf(user, group);
  else setgroups([group]);
  setgid(group);
  setuid(user);
}

/** `process.initgroups` is Node's, yet missing from the published types. */
function takeGroupsOf(user: string | number, group: string | number): void {
  const initgroups: unknown = Reflect.get(process, 'initgroups');
  if (typeof initgroups === 'function') initgroups(user, group);
}

/** The colon-separated row of /etc/passwd or /etc/group, or what getent knows beyond the file. */
function findEntry(database: 'passwd' | 'group', name: string): readonly string[] | undefined {
  if (name === '' || /[:\n]/.test(name)) return undefined;
  const isMatch = (fields: readonly string[]): boolean => fields[0] === name || fields[2] === name;
  return entriesOf(readDatabase(database)).find(isMatch) ?? askGetent(database, name);
}

function readDatabase(database: string): string {
  try {
    return readFileSync(`/etc/${database}`, 'utf8');
  } catch {
    return ''; // A system without the file: getent decides.
  }
}

function askGetent(database: string, name: string): readonly string[] | undefined {
  const { status, stdout } = spawnSync('getent', [database, '--', name], { encoding: 'utf8' });
  return status === 0 ? entriesOf(stdout)[0] : undefined;
}

function entriesOf(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter((line) => line.includes(':'))
    .map((line) => line.split(':'));
}
