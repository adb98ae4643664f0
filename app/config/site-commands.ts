/**
 * Commands of `manage.ts` that look at the whole site. They load all of it, which the others need
 * not wait for: `manage.ts` imports this file when one of them is run.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createApplication } from '../framework/application.ts';
import type { CommandArguments } from '../framework/commands.ts';
import { checkCatalogues } from '../framework/management/catalogue-check.ts';
import { type Check, runChecks, startIssue } from '../framework/management/check.ts';
import { checkDatabase } from '../framework/management/database-check.ts';
import {
  checkCollected,
  checkDebug,
  checkSecretKey,
} from '../framework/management/deploy-check.ts';
import { findViewNames, routeLines } from '../framework/management/routes.ts';
import { runShell } from '../framework/management/shell.ts';
import { checkTemplates } from '../framework/management/template-check.ts';
import type { Site } from '../framework/site.ts';
import { RouteTable } from '../framework/urls.ts';
import * as models from '../polls/models.ts';
import { migrationModules } from './migrations.ts';
import { BASE_DIR, readSettings, type Settings } from './settings.ts';
import { urlpatterns } from './urls.ts';

const SOURCES = join(BASE_DIR, 'app');

/** Looks for mistakes; with `--deploy` also for what must not go to a server. */
export async function runCheck({ options }: CommandArguments): Promise<void> {
  const settings = readSettings(process.env);
  let site: Site;
  try {
    site = createApplication({ ...settings, urlpatterns }).site;
  } catch (error) {
    return runChecks([async () => [startIssue(error)]]);
  }
  const checks: readonly Check[] = [
    () => checkDatabase(site.database, settings.database, migrationModules),
    () => checkTemplates({ ...settings, ...site }),
    async () => checkCatalogues(settings.languages, settings.localeFolder, [SOURCES]),
    ...(options['deploy'] === true ? deployChecks(settings) : []),
  ];
  await runChecks(checks).finally(() => site.database.destroy());
}

function deployChecks(settings: Settings): readonly Check[] {
  return [
    async () => checkDebug(settings.debug),
    async () => checkSecretKey(process.env['SECRET_KEY'] || keptKey()),
    () => checkCollected(settings),
  ];
}

/** The key that the site has made in the place that SECRET_KEY_FILE names; none where it is not yet there. */
function keptKey(): string | undefined {
  const { SECRET_KEY_FILE } = process.env;
  if (!SECRET_KEY_FILE) return undefined;
  const file = resolve(BASE_DIR, SECRET_KEY_FILE);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** Lists the routes, of which the lines that hold `word`. */
export async function runRoutes({ parameters: [word = ''] }: CommandArguments): Promise<void> {
  const { routes } = new RouteTable(urlpatterns);
  const viewNames = await findViewNames(SOURCES);
  const isTerminal = process.stdout.isTTY === true;
  for (const line of routeLines(routes, viewNames, isTerminal)) {
    if (line.includes(word)) console.log(line);
  }
}

/** A prompt with the site in scope. */
export async function runSiteShell(): Promise<void> {
  const settings = readSettings(process.env);
  const { site, close } = createApplication({ ...settings, urlpatterns });
  const reverse = site.routes.reverse.bind(site.routes);
  try {
    await runShell({
      scope: { ...models, models, site, database: site.database, reverse, settings },
      historyFile: join(BASE_DIR, 'run', 'shell-history'),
    });
  } finally {
    await close();
  }
}
