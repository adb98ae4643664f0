/** The application's tests that ask a database once more, on PostgreSQL. */
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { lacksPostgres, startPostgres } from '../harness/postgres.ts';
import { Program } from '../harness/program.ts';

/** What is the same on every database: files, routes, pages of errors, the prompt, words of a request. */
const WITHOUT_DATABASE =
  /(collectstatic|cross-site-forms|debug-page|downloads|languages|manage-check|manage-routes|manage-shell|postgres|requests|routing)\.test\.ts$/;

const PROJECT = join(import.meta.dirname, '..', '..');

// It holds as many tests as all files beside it, so it takes longer than one test may.
const options = { skip: lacksPostgres(), timeout: 480_000 };

test('the application passes its tests on PostgreSQL', options, async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const files = globSync('test/app/*.test.ts', { cwd: PROJECT })
    .filter((file) => !WITHOUT_DATABASE.test(file))
    .sort();
  const suite = new Program(
    process.execPath,
    ['--test', '--test-reporter=tap', '--test-isolation=none', ...files],
    { cwd: PROJECT, env: { TEST_DATABASE_URL: postgres.url('postgres') } },
  );
  t.after(() => suite.stop());
  assert.equal(await suite.ended, 0, suite.output);
  assert.match(suite.output, /^# pass [1-9]\d/m);
  assert.match(suite.output, /^# fail 0$/m);
});
