/** Makes PostgreSQL announce changes of questions and choices, for the live results. */

import { type Kysely, PostgresAdapter, sql } from 'kysely';
import { announceChanges } from '../../framework/changes-postgres.ts';

const TABLES = ['polls_question', 'polls_choice'] as const;

/** Applies the migration. */
export async function up(database: Kysely<unknown>): Promise<void> {
  for (const table of TABLES) await announceChanges(database, table);
}

/** Undoes the migration. */
export async function down(database: Kysely<unknown>): Promise<void> {
  if (!(database.getExecutor().adapter instanceof PostgresAdapter)) return;
  for (const table of TABLES) {
    await sql`drop trigger announce_change on ${sql.table(table)}`.execute(database);
  }
}
