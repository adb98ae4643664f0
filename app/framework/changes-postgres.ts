/** Watches a PostgreSQL database: LISTEN on a connection of its own, NOTIFY by triggers. */

import { type Kysely, PostgresAdapter, sql } from 'kysely';
import type { WatchReport } from './changes.ts';

/** The channel that the triggers of `announceChanges` notify. */
const CHANNEL = 'changes';

const CONNECT_TIMEOUT_MS = 5000;
/** A server that went away without a word is noticed by the kernel's probes. */
const PROBE_AFTER_MS = 10_000;

/**
 * Reports changes of the tables that `announceChanges` was called for, by whatever client. `pg` is
 * loaded here, so that a site on SQLite never loads it. A pooler in front of the server must pass
 * LISTEN: PgBouncer does in session mode alone.
 */
export async function watchPostgres(
  url: string,
  report: WatchReport,
): Promise<() => Promise<void>> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: PROBE_AFTER_MS,
  });
  client.on('error', (error) => report.lost(error));
  client.on('end', () => report.lost(new Error('the connection was ended')));
  client.on('notification', () => report.changed());
  try {
    await client.connect();
    await client.query(`listen ${CHANNEL}`);
  } catch (error) {
    await client.end().catch(() => {}); // What failed is being thrown.
    throw error;
  }
  return () => client.end().catch(() => {}); // It may be broken already, which was reported.
}

/**
 * For migrations: makes PostgreSQL announce every statement that writes to `table`, whoever sends
 * it. SQLite notices by itself, so nothing is done there. Dropping the table undoes it.
 */
export async function announceChanges(database: Kysely<unknown>, table: string): Promise<void> {
  if (!(database.getExecutor().adapter instanceof PostgresAdapter)) return;
  await sql`create or replace function announce_change() returns trigger language plpgsql as $$
    begin
      perform pg_notify('${sql.raw(CHANNEL)}', '');
      return null;
    end $$`.execute(database);
  await sql`create trigger announce_change
    after insert or update or delete or truncate on ${sql.table(table)}
    for each statement execute function announce_change()`.execute(database);
}
