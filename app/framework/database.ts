/** The database connection: kysely on SQLite by default, on PostgreSQL where a URL says so. */

import { Kysely, PostgresAdapter, sql, type Transaction } from 'kysely';
import { postgresDialect } from './postgres.ts';
import { sqliteDialect } from './sqlite.ts';

/** A connection that names no tables yet; models add theirs with `withTables`. */
export type Database = Kysely<object>;

/**
 * A connection to `place`: a `postgres://` URL, or the path of an SQLite file (":memory:" for none).
 * The first query opens it. The owner ends it with `database.destroy()`.
 *
 * SQLite's transactions take the write lock at their start, so keep them short and read outside of
 * them.
 */
export function connectDatabase(place: string): Database {
  const dialect = isPostgresUrl(place) ? postgresDialect(place) : sqliteDialect(place);
  return new Kysely<object>({ dialect });
}

/** Whether `place` names a PostgreSQL database; any other text is the path of an SQLite file. */
export function isPostgresUrl(place: string): boolean {
  return /^postgres(ql)?:\/\//.test(place);
}

/** Whether statements can lock what they read (`for share`): SQLite has one writer at a time instead. */
export function locksRows<Tables>(database: Kysely<Tables>): boolean {
  return database.getExecutor().adapter instanceof PostgresAdapter;
}

/**
 * Runs `work` in a transaction during which nobody else writes to `table`: what it looks up there
 * stays true until it ends. On SQLite every transaction is alone already.
 */
export function transactionAlone<Tables, Result>(
  database: Kysely<Tables>,
  table: string,
  work: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  return database.transaction().execute(async (transaction) => {
    if (locksRows(transaction)) {
      await sql`lock table ${sql.table(table)} in share row exclusive mode`.execute(transaction);
    }
    return work(transaction);
  });
}
