/** Lets a question be closed, and counts its changes so that two editors notice each other. */

import type { Kysely } from 'kysely';

/** Applies the migration: questions that are there stay open. */
export async function up(database: Kysely<unknown>): Promise<void> {
  // SQLite adds one column with each statement.
  await database.schema.alterTable('polls_question').addColumn('closed_at', 'text').execute();
  await database.schema
    .alterTable('polls_question')
    .addColumn('version', 'integer', (column) => column.notNull().defaultTo(1))
    .execute();
}

/** Undoes the migration: closed questions are open again. */
export async function down(database: Kysely<unknown>): Promise<void> {
  await database.schema.alterTable('polls_question').dropColumn('version').execute();
  await database.schema.alterTable('polls_question').dropColumn('closed_at').execute();
}
