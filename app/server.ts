/**
 * What the pool loads: `tandem-appserver app/server.ts:application`. The pool has read `.env` into
 * the environment before it imports this file.
 */

import { migrationModules } from './config/migrations.ts';
import { readSettings } from './config/settings.ts';
import { urlpatterns } from './config/urls.ts';
import { createApplication } from './framework/application.ts';
import { pendingMigrations } from './framework/migrations.ts';

const built = createApplication({ ...readSettings(process.env), urlpatterns });

/** The application: `application.fetch(request)` answers a request. */
export const application = built.application;

/**
 * Opens the database before the first request; says so where migrations are missing. When the
 * worker stops, streams and WebSockets end: their clients come back to another worker.
 */
export async function startup(worker?: { readonly stopping: AbortSignal }): Promise<void> {
  worker?.stopping.addEventListener('abort', () => built.site.openEnds.closeAll());
  // A worker that could sign no session does not start.
  built.site.secretKeys();
  const pending = await pendingMigrations(built.site.database, migrationModules);
  if (pending.length > 0) {
    console.error(`not migrated yet: ${pending.join(', ')}; run: npm run manage -- migrate`);
  }
}

/** Closes the database, and what watches it, after the last request. */
export async function shutdown(): Promise<void> {
  await built.close();
}
