/** Watches an SQLite file: asks for its `data_version` a few times a second. */

import { DatabaseSync } from 'node:sqlite';
import type { WatchReport } from './changes.ts';
import { isBusy } from './sqlite.ts';

/** Reading the version asks no disk: it stands in shared memory, or in a page that is cached. */
const PERIOD_MS = 200;

/**
 * Reports commits of all other connections to the file at `path`, of this process and others, within
 * `PERIOD_MS`. The connection is its own, since `data_version` does not move for the connection that
 * writes (https://sqlite.org/pragma.html#pragma_data_version). A database in memory has no others.
 */
export async function watchSqlite(path: string, report: WatchReport): Promise<() => void> {
  const database = new DatabaseSync(path, { readOnly: true });
  const statement = database.prepare('pragma data_version');
  let version = statement.get()?.['data_version'];
  const timer = setInterval(() => {
    try {
      const now = statement.get()?.['data_version'];
      if (now === version) return;
      version = now;
      report.changed();
    } catch (error) {
      // Somebody recovers the log just now; the next look will tell.
      if (isBusy(error)) return;
      clearInterval(timer);
      report.lost(error);
    }
  }, PERIOD_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    database.close();
  };
}
