/**
 * A database for each test: an SQLite file, or, where TEST_DATABASE_URL names a PostgreSQL server, a
 * database of its own there.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Client } from 'pg';

/** Makes an empty database that ends with test `t`; the answer is what `connectDatabase` takes. */
export async function freshDatabase(t: TestContext): Promise<string> {
  const server = process.env['TEST_DATABASE_URL'];
  return server === undefined
    ? join(await temporaryFolder(t), 'db.sqlite3')
    : makePostgresDatabase(t, server);
}

/** The variables that tell a program of the site where its database is. */
export function databaseVariables(place: string): Readonly<Record<string, string>> {
  return place.startsWith('postgres://')
    ? { DATABASE_URL: place }
    : { DATABASE_URL: '', DATABASE_PATH: place };
}

/** A folder that is deleted after test `t`. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-app-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

async function makePostgresDatabase(t: TestContext, server: string): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  // Files are copied, and not written to the log as well, which nobody needs of a test's database.
  await runAt(server, `create database ${name} strategy file_copy`);
  // Tests close their connections in hooks that run after this one.
  t.after(() => runAt(server, `drop database ${name} with (force)`));
  const url = new URL(server.replace('@/', '@localhost/'));
  return server.replace(url.pathname, `/${name}`);
}

async function runAt(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
