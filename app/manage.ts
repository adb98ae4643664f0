/** The site's own commands: `node app/manage.ts migrate`. */

import { join } from 'node:path';
import { config as loadDotenv } from 'dotenv';
import { migrationModules } from './config/migrations.ts';
import { BASE_DIR, readSettings } from './config/settings.ts';
import { createSuperuser } from './framework/auth/createsuperuser.ts';
import { type Command, runCommand } from './framework/commands.ts';
import { connectDatabase, type Database } from './framework/database.ts';
import { migrate } from './framework/migrations.ts';
import { createQuestionsIfNone } from './polls/models.ts';
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
    options: {
      noinput: { help: 'ask nothing' },
      clear: { short: 'c', help: 'delete what is not collected now, such as former versions' },
      'dry-run': { short: 'n', help: 'say what would be done, and do nothing' },
    },
    run: async (given) => {
      const { runCollectstatic } = await import('./framework/management/collectstatic.ts');
      await runCollectstatic(readSettings(process.env), given);
    },
  },
  {
    name: 'check',
    help: 'look for mistakes in settings, database, templates and translations',
    options: { deploy: { help: 'also for what must not go to a server' } },
    run: async (given) => (await siteCommands()).runCheck(given),
  },
  {
    name: 'routes',
    help: 'list the addresses of the site and what answers them',
    parameters: [{ name: 'word', isOptional: true }],
    run: async (given) => (await siteCommands()).runRoutes(given),
  },
  {
    name: 'shell',
    help: 'a prompt with models, database, reverse, site and settings in scope; also reads a pipe',
    run: async () => (await siteCommands()).runSiteShell(),
  },
];

function siteCommands() {
  return import('./config/site-commands.ts');
}

async function runMigrate(database: Database): Promise<void> {
  const applied = await migrate(database, migrationModules);
  for (const name of applied) console.log(`applied ${name}`);
  if (applied.length === 0) console.log('no migrations to apply');
}

async function runSeed(database: Database): Promise<void> {
  const questions = sampleQuestions(new Date());
  const isCreated = await createQuestionsIfNone(database, questions);
  console.log(
    isCreated
      ? `added ${questions.length} sample questions`
      : 'there are questions already, nothing added',
  );
}

async function runReport(database: Database): Promise<void> {
  const { writeReport } = await import('./polls/reports.ts');
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
