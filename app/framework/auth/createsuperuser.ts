/** `manage.ts createsuperuser`: adds somebody who may enter the admin. */

import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CommandError } from '../commands.ts';
import type { Database } from '../database.ts';
import { SHORTEST_PASSWORD } from './passwords.ts';
import { createUser, findUserByName } from './users.ts';

/**
 * Creates a staff user from SUPERUSER_USERNAME and SUPERUSER_PASSWORD; asks on the terminal for what
 * is not given. Throws where the name is taken or empty, or the password is too short.
 */
export async function createSuperuser(
  database: Database,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const username = environment['SUPERUSER_USERNAME'] ?? (await ask('Name: ', true));
  if (!/^[\w.@+-]{1,150}$/.test(username)) throw new CommandError(`invalid name "${username}"`);
  if ((await findUserByName(database, username)) !== undefined) {
    throw new CommandError(`a user "${username}" already exists`);
  }
  const password = environment['SUPERUSER_PASSWORD'] ?? (await ask('Password: ', false));
  if (password.length < SHORTEST_PASSWORD) {
    throw new CommandError(`the password has fewer than ${SHORTEST_PASSWORD} characters`);
  }
  await createUser(database, { username, password, isStaff: true });
  console.log(`added the user "${username}"`);
}

/** Asks one line on the terminal; what is typed is shown only with `isShown`. */
async function ask(question: string, isShown: boolean): Promise<string> {
  if (!process.stdin.isTTY)
    throw new CommandError(
      'no terminal to ask for name and password: set SUPERUSER_USERNAME and SUPERUSER_PASSWORD',
    );
  process.stdout.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const output = isShown ? process.stdout : nowhere;
  const line = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return await line.question('');
  } catch (cause) {
    // Ctrl-C and Ctrl-D.
    if (cause instanceof Error && cause.name === 'AbortError') {
      throw new CommandError('cancelled', { cause });
    }
    throw cause;
  } finally {
    line.close();
    if (!isShown) process.stdout.write('\n');
  }
}
