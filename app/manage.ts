/** The site's own commands: `npm run manage -- migrate`. */

import { join } from 'node:path';
import { config as loadDotenv } from 'dotenv';
import { migrationModules } from './config/migrations.ts';
import { BASE_DIR, readSettings } from './config/settings.ts';
import { createSuperuser } from './framework/auth/createsuperuser.ts';
import { type Command, CommandError, runCommand } from './framework/commands.ts';
import { connectDatabase, type Database } from './framework/database.ts';
import { migrate, pendingMigrations } from './framework/migrations.ts';
import { createQuestionsIfNone } from './polls/models.ts';
import { sampleQuestions } from './polls/samples.ts';

const commands: readonly Command[] = [
  {
    name: 'migrate',
    help: 'bring the database up to date; does nothing if it already is',
    run: () => withConnection(runMigrate),
  },
  {
    name: 'seed',
    help: 'add sample questions to an empty database',
    run: () => withDatabase(runSeed),
  },
  {
    name: 'report',
    help: 'write the results of all polls to a file that staff can download',
    run: () => withDatabase(runReport),
  },
  {
    name: 'createsuperuser',
    help: 'add an admin user; reads SUPERUSER_USERNAME and SUPERUSER_PASSWORD, or asks',
    run: () => withDatabase((database) => createSuperuser(database, process.env)),
  },
  {
    name: 'collectstatic',
    help: 'gather the static files for the proxy, under names that change with their content',
    options: {
      noinput: { help: 'do not ask for confirmation' },
      clear: { short: 'c', help: 'delete files that are not collected now, such as old versions' },
      'dry-run': { short: 'n', help: 'say what would be done, but change nothing' },
    },
    run: async (given) => {
      const { runCollectstatic } = await import('./framework/management/collectstatic.ts');
      await runCollectstatic(readSettings(process.env), given);
    },
  },
  {
    name: 'check',
    help: 'look for mistakes in settings, database, templates and translations',
    options: { deploy: { help: 'also look for settings that are not safe on a server' } },
    run: async (given) => (await siteCommands()).runCheck(given),
  },
  {
    name: 'routes',
    help: 'list the URLs of the site and the views behind them',
    parameters: [{ name: 'word', isOptional: true }],
    run: async (given) => (await siteCommands()).runRoutes(given),
  },
  {
    name: 'shell',
    help: 'a prompt with models, database, reverse, site and settings in scope; also runs a script from stdin',
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
      : 'the database already has questions, nothing added',
  );
}

async function runReport(database: Database): Promise<void> {
  const { writeReport } = await import('./polls/reports.ts');
  const { protectedFolder } = readSettings(process.env);
  console.log(
    `wrote ${join(protectedFolder, await writeReport(database, protectedFolder, new Date()))}`,
  );
}

/** For commands that stand on the tables: where these are not there yet, that is what is said. */
function withDatabase(work: (database: Database) => Promise<void>): Promise<void> {
  return withConnection(async (database) => {
    const pending = await pendingMigrations(database, migrationModules);
    if (pending.length > 0) {
      throw new CommandError(
        `not migrated yet: ${pending.join(', ')}; run: npm run manage -- migrate`,
      );
    }
    await work(database);
  });
}

async function withConnection(work: (database: Database) => Promise<void>): Promise<void> {
  const database = connectDatabase(readSettings(process.env).database);
  try {
    await work(database);
  } catch (error) {
    throw isUnreachable(error)
      ? new CommandError(`cannot connect to the database: ${messageOf(error)}`, { cause: error })
      : error;
  } finally {
    await database.destroy();
  }
}

/** Nobody there, no such file, or no password that fits: what the user can mend. */
function isUnreachable(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ERR_SQLITE_ERROR') return messageOf(error) === 'unable to open database file';
  // PostgreSQL: 28 is authorization, 3D000 an unknown database.
  return /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ENOENT|28...|3D000)$/.test(code);
}

/** An AggregateError of several addresses has no message of its own. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(messageOf).join(', ');
  }
  return error instanceof Error ? error.message : String(error);
}

loadDotenv({ path: join(BASE_DIR, '.env'), quiet: true });
process.exitCode = await runCommand(commands, process.argv.slice(2));
