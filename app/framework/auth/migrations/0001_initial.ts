/** Creates the table of users. */

import type { Kysely } from 'kysely';

/** Applies the migration. */
export async function up(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('auth_user')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('username', 'varchar(150)', (column) => column.notNull().unique())
    .addColumn('password', 'varchar(200)', (column) => column.notNull())
    .addColumn('is_staff', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
}

/** Undoes the migration, with all users. */
export async function down(database: Kysely<unknown>): Promise<void> {
  await database.schema.dropTable('auth_user').execute();
}
