/** The two pools: ours with the sample site, Debian's Gunicorn with the same polls in Django. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GUNICORN, PYTHON } from '../../harness/gunicorn.ts';
import { Program } from '../../harness/program.ts';
import type { SiteFolder } from '../../harness/site-folder.ts';
import { accepts, startTandemPool } from '../site-fronts.ts';
import { fixtureOf, readRows } from './fixture.ts';

const DJANGO = join(import.meta.dirname, 'django');

/** Whose pool it is. */
export type PoolName = 'tandem' | 'gunicorn';

/** A pool with its database, which outlives its processes. */
export class Pool {
  readonly name: PoolName;
  /** The socket that its fronts ask. */
  readonly socket: string;
  readonly #database: string;
  readonly #launch: (socket: string) => Program;
  #program: Program | undefined = undefined;

  constructor(
    name: PoolName,
    socket: string,
    database: string,
    launch: (socket: string) => Program,
  ) {
    this.name = name;
    this.socket = socket;
    this.#database = database;
    this.#launch = launch;
  }

  /** Starts it at its own socket, or in another pool's place; resolves when it accepts. */
  async start(socket = this.socket): Promise<void> {
    this.#program = this.#launch(socket);
    await accepts(socket, this.#program);
  }

  /** Ends it and waits until it is gone. */
  async stop(): Promise<void> {
    await this.#program?.stop();
  }

  /** The votes of each choice, by its id, as the database has them. */
  votes(): Readonly<Record<number, number>> {
    const rows = readRows(this.#database, 'SELECT id, votes FROM polls_choice');
    return Object.fromEntries(rows.map(({ id, votes }) => [Number(id), Number(votes)]));
  }
}

/** Our pool on the sample site of `folder`. */
export function tandemPool(folder: SiteFolder): Pool {
  return new Pool('tandem', join(folder.path, 'app.sock'), databaseOf(folder), (socket) =>
    startTandemPool(folder, socket),
  );
}

/** Gunicorn on the polls in Django, with a database that holds what the sample site of `folder` holds. */
export async function gunicornPool(folder: SiteFolder): Promise<Pool> {
  const database = join(folder.path, 'django.sqlite3');
  const env = {
    DATABASE_PATH: database,
    SECRET_KEY: randomBytes(32).toString('hex'),
    // The project's folder stays as it is.
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const manage = (...words: readonly string[]) =>
    promisify(execFile)(PYTHON, ['manage.py', ...words], {
      cwd: DJANGO,
      env: { ...process.env, ...env },
    });
  folder.write('samples.json', JSON.stringify(fixtureOf(databaseOf(folder))));
  await manage('migrate');
  await manage('loaddata', join(folder.path, 'samples.json'));
  return new Pool('gunicorn', join(folder.path, 'gunicorn.sock'), database, (socket) => {
    const words = ['--bind', `unix:${socket}`, '--workers', '2', 'config.wsgi'];
    return new Program(GUNICORN, words, { cwd: DJANGO, env });
  });
}

function databaseOf({ env }: SiteFolder): string {
  return env['DATABASE_PATH'] ?? '';
}
