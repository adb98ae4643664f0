/** The site's own commands: `node app/manage.ts migrate`. */

import { join } from 'node:path';
import { config as loadDotenv } from 'dotenv';
import { migrationModules } from './config/migrations.ts';
import { BASE_DIR, readSettings, type Settings } from './config/settings.ts';
import { urlpatterns } from './config/urls.ts';
import { createApplication } from './framework/application.ts';
import { createSuperuser } from './framework/auth/createsuperuser.ts';
import { type Command, type CommandArguments, runCommand } from './framework/commands.ts';
import { connectDatabase, type Database } from './framework/database.ts';
import { checkCatalogues } from './framework/management/catalogue-check.ts';
import { type Check, runChecks, startIssue } from './framework/management/check.ts';
import { COLLECTSTATIC_OPTIONS, runCollectstatic } from './framework/management/collectstatic.ts';
import { checkDatabase } from './framework/management/database-check.ts';
import { checkCollected, checkDebug, checkSecretKey } from './framework/management/deploy-check.ts';
import { findViewNames, routeLines } from './framework/management/routes.ts';
import { runShell } from './framework/management/shell.ts';
import { checkTemplates } from './framework/management/template-check.ts';
import { migrate } from './framework/migrations.ts';
import type { Site } from './framework/site.ts';
import { RouteTable } from './framework/urls.ts';
import * as models from './polls/models.ts';
import { writeReport } from './polls/reports.ts';
import { sampleQuestions } from './polls/samples.ts';

const commands: readonly Command[] = [
  {
    name: 'migrate',
    help: 'bring the database up to date; does nothing where it is',
    run: () => withDatabase(runMigrate),
  },
  {
    name: 'seed',
    help: 'add sample questions to an empty database',
    run: () => withDatabase(runSeed),
  },
  {
    name: 'report',
    help: 'write the results of all polls to a file that staff may download',
    run: () => withDatabase(runReport),
  },
  {
    name: 'createsuperuser',
    help: 'add a user of the admin: asks, or reads SUPERUSER_USERNAME and SUPERUSER_PASSWORD',
    run: () => withDatabase((database) => createSuperuser(database, process.env)),
  },
  {
    name: 'collectstatic',
    help: 'gather the static files for the proxy, under names that change with their content',
    options: COLLECTSTATIC_OPTIONS,
    run: (given) => runCollectstatic(readSettings(process.env), given),
  },
  {
    name: 'check',
    help: 'look for mistakes in settings, database, templates and translations',
    options: { deploy: { help: 'also for what must not go to a server' } },
    run: runCheck,
  },
  {
    name: 'routes',
    help: 'list the addresses of the site and what answers them',
    parameters: [{ name: 'word', isOptional: true }],
    run: runRoutes,
  },
  {
    name: 'shell',
    help: 'a prompt with models, database, reverse, site and settings in scope; also reads a pipe',
    run: () => withSite(runSiteShell),
  },
];

async function runMigrate(database: Database): Promise<void> {
  const applied = await migrate(database, migrationModules);
  for (const name of applied) console.log(`applied ${name}`);
  if (applied.length === 0) console.log('no migrations to apply');
}

async function runSeed(database: Database): Promise<void> {
  const questions = sampleQuestions(new Date());
  const isCreated = await models.createQuestionsIfNone(database, questions);
  console.log(
    isCreated
      ? `added ${questions.length} sample questions`
      : 'there are questions already, nothing added',
  );
}

async function runCheck({ options }: CommandArguments): Promise<void> {
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
    async () => checkCatalogues(settings.languages, settings.localeFolder, [import.meta.dirname]),
    ...(options['deploy'] === true ? deployChecks(settings) : []),
  ];
  await runChecks(checks).finally(() => site.database.destroy());
}

function deployChecks(settings: Settings): readonly Check[] {
  return [
    async () => checkDebug(settings.debug),
    async () => checkSecretKey(process.env['SECRET_KEY']),
    () => checkCollected(settings),
  ];
}

async function runRoutes({ parameters: [word = ''] }: CommandArguments): Promise<void> {
  const { routes } = new RouteTable(urlpatterns);
  const viewNames = await findViewNames(import.meta.dirname);
  const isTerminal = process.stdout.isTTY === true;
  for (const line of routeLines(routes, viewNames, isTerminal)) {
    if (line.includes(word)) console.log(line);
  }
}

function runSiteShell(site: Site): Promise<void> {
  const reverse = site.routes.reverse.bind(site.routes);
  const { database } = site;
  return runShell({
    scope: { ...models, models, site, database, reverse, settings: readSettings(process.env) },
    historyFile: join(BASE_DIR, 'run', 'shell-history'),
  });
}

async function withSite(work: (site: Site) => Promise<void>): Promise<void> {
  const { site } = createApplication({ ...readSettings(process.env), urlpatterns });
  try {
    await work(site);
  } finally {
    await site.database.destroy();
  }
}

async function runReport(database: Database): Promise<void> {
  const { protectedFolder } = readSettings(process.env);
  console.log(
    `wrote ${join(protectedFolder, await writeReport(database, protectedFolder, new Date()))}`,
  );
}

async function withDatabase(work: (database: Database) => Promise<void>): Promise<void> {
  const database = connectDatabase(readSettings(process.env).database);
  try {
    await work(database);
  } finally {
    await database.destroy();
  }
}

loadDotenv({ path: join(BASE_DIR, '.env'), quiet: true });
process.exitCode = await runCommand(commands, process.argv.slice(2));
