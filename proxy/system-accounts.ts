/** Whether the system knows a user or a group, as nginx's `user` asks getpwnam and getgrnam. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Asks /etc/passwd, then the system's other sources. */
export function isUser(name: string): boolean {
  return isListed('/etc/passwd', name) || isKnown('passwd', name);
}

/** Asks /etc/group, then the system's other sources. */
export function isGroup(name: string): boolean {
  return isListed('/etc/group', name) || isKnown('group', name);
}

function isListed(file: string, name: string): boolean {
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch {
    // A system without such a file: the other sources decide.
    return false;
  }
  return text.split('\n').some((line) => line.startsWith(`${name}:`));
}

/** Directories beyond the files (LDAP, systemd). Where nobody can be asked, the name is let pass. */
function isKnown(database: string, name: string): boolean {
  const { error, status } = spawnSync('getent', ['--', database, name], { stdio: 'ignore' });
  return error !== undefined || status === 0;
}
