/** Migrations: which steps the database has had, and running those it has not. */

import { type Migration, Migrator } from 'kysely';
import type { Database } from './database.ts';

/** The migrations of one application by file name: `{ '0001_initial': { up } }`. */
export interface MigrationModule {
  readonly appName: string;
  readonly migrations: Readonly<Record<string, Migration>>;
}

/**
 * Applies what `database` lacks, in the order of the names, and returns the names applied
 * ("polls.0001_initial"). All of it is one transaction: where a step fails nothing is kept and its
 * error is thrown. Two runs at once take turns; the second finds nothing to do.
 */
export async function migrate(
  database: Database,
  modules: readonly MigrationModule[],
): Promise<readonly string[]> {
  const { error, results = [] } = await migratorFor(database, modules).migrateToLatest();
  const failed = results.find((result) => result.status === 'Error');
  if (failed !== undefined) {
    throw new Error(`migration ${failed.migrationName} failed`, { cause: error });
  }
  if (error !== undefined) throw error;
  return results.map((result) => result.migrationName);
}

/** Names of the migrations that `database` has not had yet. Changes nothing. */
export async function pendingMigrations(
  database: Database,
  modules: readonly MigrationModule[],
): Promise<readonly string[]> {
  const all = await migratorFor(database, modules).getMigrations();
  return all.filter((one) => one.executedAt === undefined).map((one) => one.name);
}

function migratorFor(database: Database, modules: readonly MigrationModule[]): Migrator {
  const migrations: Record<string, Migration> = {};
  for (const { appName, migrations: own } of modules) {
    for (const [name, migration] of Object.entries(own)) {
      migrations[`${appName}.${name}`] = migration;
    }
  }
  return new Migrator({
    db: database,
    provider: { getMigrations: async () => migrations },
    migrationTableName: 'migrations',
    migrationLockTableName: 'migrations_lock',
    // An application's second migration may come after another application's third.
    allowUnorderedMigrations: true,
  });
}
