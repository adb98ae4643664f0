/** Creates the table of messages, and makes PostgreSQL announce its changes. */

import type { Kysely } from 'kysely';
import { announceChanges } from '../../framework/changes-postgres.ts';

/** Applies the migration. */
export async function up(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('chat_message')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('author', 'varchar(150)', (column) => column.notNull())
    .addColumn('text', 'varchar(200)', (column) => column.notNull())
    .addColumn('sent_at', 'text', (column) => column.notNull())
    .execute();
  await announceChanges(database, 'chat_message');
}

/** Undoes the migration, with all messages. */
export async function down(database: Kysely<unknown>): Promise<void> {
  await database.schema.dropTable('chat_message').execute();
}
