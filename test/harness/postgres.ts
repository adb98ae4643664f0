/** A PostgreSQL cluster of a test: its own folder, its own Unix socket, no TCP. */
import { execFile } from 'node:child_process';
import { chownSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Program } from './program.ts';

/** Debian keeps the programs of each version apart. */
const PROGRAMS = globSync('/usr/lib/postgresql/*/bin').sort().at(-1);

/** `nobody`: the server refuses to run as root. */
const UNPRIVILEGED = 65_534;

/** A running cluster. Whoever starts it stops it. */
export interface Postgres {
  /** URL of its database `name`. */
  url(name: string): string;
  stop(): Promise<void>;
}

/**
 * The `skip` option of a test that needs PostgreSQL: false where it is installed, else why it is
 * skipped. Throws where CI is set.
 */
export function lacksPostgres(): string | false {
  if (PROGRAMS !== undefined) return false;
  const why = 'Debian\'s postgresql is not installed: run "npm run peers"';
  if (process.env['CI'] === 'true') throw new Error(why);
  console.error(`SKIPPED: ${why}`);
  return why;
}

/** Makes a cluster and starts its server. */
export async function startPostgres(): Promise<Postgres> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-pg-'));
  const isRoot = process.geteuid?.() === 0;
  const user = isRoot ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {};
  if (isRoot) chownSync(folder, UNPRIVILEGED, UNPRIVILEGED);
  const data = join(folder, 'data');
  await promisify(execFile)(
    join(PROGRAMS!, 'initdb'),
    ['-D', data, '-U', 'polls', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
    { cwd: folder, ...user },
  );
  const server = new Program(
    join(PROGRAMS!, 'postgres'),
    ['-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'fsync=off'],
    { cwd: folder, ...user, env: { LC_ALL: 'C' } },
  );
  const stop = async () => {
    await server.stop('SIGINT');
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await server.sees(/ready to accept connections/);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: (name) => `postgres://polls@/${name}?host=${encodeURIComponent(folder)}`, stop };
}
