/** Votes that several workers of the pool count at once. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { migrationModules } from '../../app/config/migrations.ts';
import { connectDatabase } from '../../app/framework/database.ts';
import { migrate } from '../../app/framework/migrations.ts';
import { choicesOf, createQuestions } from '../../app/polls/models.ts';
import { type PoolProcess, startPool } from '../appserver/pool-process.ts';
import { databaseVariables, freshDatabase } from './database.ts';
import { CSRF, questionOf } from './site.ts';

const APPLICATION = join(import.meta.dirname, '..', '..', 'app', 'server.ts');
const CLIENTS = 12;
const VOTES_EACH = 25;

test('no vote is lost where the workers of a pool write at once', async (t) => {
  const place = await freshDatabase(t);
  const database = connectDatabase(place);
  t.after(() => database.destroy());
  await migrate(database, migrationModules);
  await createQuestions(database, [questionOf('Fast?', ['Yes'])]);
  const pool = await startPool(t, {
    files: {},
    args: [`${APPLICATION}:application`, '--workers', '3', '--threads', '2'],
    env: databaseVariables(place),
  });
  await pool.sees(/Booting worker/, 3);
  await Promise.all(Array.from({ length: CLIENTS }, () => voteOften(pool)));
  assert.equal((await choicesOf(database, 1))[0]?.votes, CLIENTS * VOTES_EACH);
});

async function voteOften(pool: PoolProcess): Promise<void> {
  for (let i = 0; i < VOTES_EACH; i++) {
    const { status } = await pool.ask('/polls/1/vote/', {
      method: 'POST',
      headers: { ...CSRF.headers, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'choice=1',
    });
    assert.equal(status, 303);
  }
}
