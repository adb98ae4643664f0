/** Checks of the database: that it answers, and that it has had every migration. */

import { existsSync } from 'node:fs';
import { sql } from 'kysely';
import { type Database, isPostgresUrl } from '../database.ts';
import { reasonOf } from '../errors.ts';
import { type MigrationModule, pendingMigrations } from '../migrations.ts';
import type { Issue } from './check.ts';

const MIGRATE_HINT = 'run: npm run manage -- migrate';

/** Asks `database`, which is at `place` (the setting `database`). Makes no SQLite file. */
export async function checkDatabase(
  database: Database,
  place: string,
  modules: readonly MigrationModule[],
): Promise<readonly Issue[]> {
  // Opening an SQLite file that is not there would make it.
  if (!isPostgresUrl(place) && place !== ':memory:' && !existsSync(place)) {
    const message = `there is no database file "${place}"`;
    return [{ level: 'ERROR', id: 'database.E001', message, hint: MIGRATE_HINT }];
  }
  try {
    await sql`select 1`.execute(database);
    const pending = await pendingMigrations(database, modules);
    if (pending.length === 0) return [];
    const message = `not migrated yet: ${pending.join(', ')}`;
    return [{ level: 'ERROR', id: 'database.E003', message, hint: MIGRATE_HINT }];
  } catch (error) {
    const message = `the database does not answer: ${reasonOf(error)}`;
    return [{ level: 'ERROR', id: 'database.E002', message }];
  }
}
