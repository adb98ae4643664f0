import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { migrationModules } from '../../app/config/migrations.ts';
import { connectDatabase } from '../../app/framework/database.ts';
import { migrate, pendingMigrations } from '../../app/framework/migrations.ts';
import { latestQuestions } from '../../app/polls/models.ts';
import { databaseVariables, freshDatabase, temporaryFolder } from './database.ts';
import { runManage } from './manage-process.ts';

function manage(place: string, ...args: readonly string[]) {
  return runManage(databaseVariables(place), args);
}

test('migrate says what it applies, and nothing is left for a second run', async (t) => {
  const path = await freshDatabase(t);
  const first = await manage(path, 'migrate');
  assert.deepEqual(first, {
    stdout:
      'applied auth.0001_initial\napplied chat.0001_initial\napplied polls.0001_initial\n' +
      'applied polls.0002_question_closed_at_version\napplied polls.0003_announce_changes\n',
    stderr: '',
    code: 0,
  });
  const second = await manage(path, 'migrate');
  assert.deepEqual(second, { stdout: 'no migrations to apply\n', stderr: '', code: 0 });
});

test('seed adds questions to an empty database only', async (t) => {
  const path = await freshDatabase(t);
  await manage(path, 'migrate');
  assert.equal((await manage(path, 'seed')).stdout, 'added 5 sample questions\n');
  const again = await manage(path, 'seed');
  assert.equal(again.stdout, 'the database already has questions, nothing added\n');
  assert.equal(again.code, 0);
});

test('of several runs at once on a new database one migrates and one seeds', async (t) => {
  const path = await freshDatabase(t);
  const migrated = await Promise.all([1, 2, 3].map(() => manage(path, 'migrate')));
  assert.deepEqual(
    migrated.map(({ code, stderr }) => ({ code, stderr })),
    Array(3).fill({ code: 0, stderr: '' }),
  );
  assert.equal(migrated.filter(({ stdout }) => stdout.startsWith('applied')).length, 1);
  const seeded = await Promise.all([1, 2, 3].map(() => manage(path, 'seed')));
  assert.deepEqual(
    seeded.map(({ code, stderr }) => ({ code, stderr })),
    Array(3).fill({ code: 0, stderr: '' }),
  );
  const database = connectDatabase(path);
  t.after(() => database.destroy());
  assert.equal((await latestQuestions(database, 100)).length, 5);
});

test('a migration that fails leaves nothing behind and is named', async (t) => {
  const path = await freshDatabase(t);
  const database = connectDatabase(path);
  t.after(() => database.destroy());
  const broken = {
    appName: 'broken',
    migrations: {
      '0001_initial': {
        async up(db: typeof database) {
          await db.schema.createTable('half_done').addColumn('id', 'integer').execute();
          throw new Error('out of luck');
        },
      },
    },
  };
  const modules = [broken, ...migrationModules];
  await assert.rejects(migrate(database, modules), /migration broken\.0001_initial failed/);
  const tables = await database.introspection.getTables();
  assert.deepEqual(
    tables.map(({ name }) => name).filter((name) => !/^migrations/.test(name)),
    [],
  );
  assert.deepEqual(await pendingMigrations(database, modules), [
    'auth.0001_initial',
    'broken.0001_initial',
    'chat.0001_initial',
    'polls.0001_initial',
    'polls.0002_question_closed_at_version',
    'polls.0003_announce_changes',
  ]);
});

test('without a command the usage is shown', async (t) => {
  const path = await freshDatabase(t);
  for (const args of [[], ['help'], ['--help']]) {
    const { stdout, code } = await manage(path, ...args);
    assert.match(stdout, /^usage: npm run manage -- <command>\n[\s\S]* migrate [\s\S]* seed /);
    assert.equal(code, 0);
  }
});

test('an unknown command fails and names those there are', async (t) => {
  const { stderr, code } = await manage(await freshDatabase(t), 'migarte');
  assert.match(stderr, /^unknown command "migarte"\n[\s\S]* migrate /);
  assert.equal(code, 1);
});

test('a database that cannot be opened fails the command with its cause', async (t) => {
  const { stderr, code } = await manage(join(await temporaryFolder(t), 'none', 'db'), 'migrate');
  assert.match(stderr, /^cannot connect to the database: unable to open database file\n$/);
  assert.equal(code, 1);
});

test('createsuperuser adds a user once, and takes no short password', async (t) => {
  const path = await freshDatabase(t);
  await manage(path, 'migrate');
  const create = (SUPERUSER_PASSWORD: string) =>
    runManage({ ...databaseVariables(path), SUPERUSER_USERNAME: 'ada', SUPERUSER_PASSWORD }, [
      'createsuperuser',
    ]);
  assert.match((await create('short')).stderr, /fewer than 8 characters/);
  assert.deepEqual(await create('correct horse'), {
    stdout: 'added the user "ada"\n',
    stderr: '',
    code: 0,
  });
  const again = await create('correct horse');
  assert.match(again.stderr, /a user "ada" already exists/);
  assert.equal(again.code, 1);
});

test('report writes the results of all polls to the folder for downloads', async (t) => {
  const place = await freshDatabase(t);
  const PROTECTED_ROOT = join(await temporaryFolder(t), 'protected');
  for (const command of ['migrate', 'seed']) await manage(place, command);
  const { stdout, stderr, code } = await runManage(
    { ...databaseVariables(place), PROTECTED_ROOT },
    ['report'],
  );
  assert.deepEqual([stderr, code], ['', 0]);
  const [, file = ''] = /^wrote (.+)\n$/.exec(stdout) ?? [];
  assert.match(file, /\/protected\/polls-[\d-]{10}\.csv$/);
  assert.equal((await readFile(file, 'utf8')).trimEnd().split('\r\n').length, 1 + 17);
  assert.equal((await stat(file)).mode & 0o777, 0o644);
});

test('what its user can mend is one line', async (t) => {
  const path = await freshDatabase(t);
  const early = await manage(path, 'createsuperuser');
  assert.match(early.stderr, /^not migrated yet: .*; run: npm run manage -- migrate\n$/);
  await manage(path, 'migrate');
  const asked = await manage(path, 'createsuperuser');
  assert.deepEqual(asked, {
    stdout: '',
    stderr:
      'no terminal to ask for name and password: set SUPERUSER_USERNAME and SUPERUSER_PASSWORD\n',
    code: 1,
  });
  // Nobody listens at port 1.
  const nobody = { DATABASE_URL: 'postgres://x:y@127.0.0.1:1/z' };
  const { stderr, code } = await runManage(nobody, ['seed']);
  assert.match(stderr, /^cannot connect to the database: .*ECONNREFUSED.*\n$/);
  assert.equal(code, 1);
});
