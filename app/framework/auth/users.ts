/** Users: their table and every query on it. */

import type { Generated, Selectable } from 'kysely';
import type { Database } from '../database.ts';
import { hashPassword } from './passwords.ts';

type UserTable = {
  id: Generated<number>;
  username: string;
  /** What `hashPassword` made. */
  password: string;
  /** 1 for those who may enter the admin. */
  is_staff: number;
};

/** Somebody who can log in. */
export type User = Selectable<UserTable>;

function tablesOf(database: Database) {
  return database.withTables<{ auth_user: UserTable }>();
}

/** The user `id`, where there is one. */
export function findUser(database: Database, id: number): Promise<User | undefined> {
  const users = tablesOf(database).selectFrom('auth_user').selectAll();
  return users.where('id', '=', id).executeTakeFirst();
}

/** The user of that name, where there is one. */
export function findUserByName(database: Database, username: string): Promise<User | undefined> {
  const users = tablesOf(database).selectFrom('auth_user').selectAll();
  return users.where('username', '=', username).executeTakeFirst();
}

/** Creates a user. Rejects where the name is taken. */
export async function createUser(
  database: Database,
  user: { readonly username: string; readonly password: string; readonly isStaff: boolean },
): Promise<void> {
  await tablesOf(database)
    .insertInto('auth_user')
    .values({
      username: user.username,
      password: await hashPassword(user.password),
      is_staff: user.isStaff ? 1 : 0,
    })
    .execute();
}
