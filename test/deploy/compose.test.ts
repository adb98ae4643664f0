/** docker-compose.yml as docker-compose and docker compose read it: no engine is needed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { suite, test } from 'node:test';

const PROJECT = join(import.meta.dirname, '..', '..');
const READERS = [['docker-compose'], ['docker', 'compose']].filter(
  ([program = '', ...words]) => spawnSync(program, [...words, 'version']).status === 0,
);
const FILE = join(PROJECT, 'docker-compose.yml');

interface Reading {
  readonly text: string;
  readonly warnings: string;
}

/** What a reader makes of the file; `env` is all of the environment but for PATH and HOME. */
function config(
  reader: readonly string[],
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Reading {
  const [program = '', ...rest] = reader;
  const { PATH, HOME } = process.env;
  // A folder without .env: this machine's must not speak here.
  const whole = [...rest, '-f', FILE, '--project-directory', import.meta.dirname, ...words];
  const { status, stdout, stderr } = spawnSync(program, whole, {
    env: { PATH, HOME, ...env },
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return { text: stdout, warnings: stderr };
}

const ALL = ['--profile', 'nginx', '--profile', 'postgres'];

/** Each service with what stands under it. */
function services(reader: readonly string[]): ReadonlyMap<string, string> {
  const { text } = config(reader, [...ALL, 'config']);
  const [, block = ''] = /^services:\n((?: .*\n)+)/m.exec(text) ?? [];
  const each = block.matchAll(/^ {2}(\w+):\n((?: {4}.*\n)+)/gm);
  return new Map(Array.from(each, ([, name = '', rows = '']) => [name, rows]));
}

/** The profile of a service; `usual` where it starts without one. */
function profileOf(rows: string): string {
  return /^ {4}profiles:\n +- (\w+)$/m.exec(rows)?.[1] ?? 'usual';
}

const skip = lacksCompose();
if (skip !== false) console.error(skip);

/** Why there is nothing to read the file with, or false. Throws in CI, where that is a failure. */
function lacksCompose(): string | false {
  if (READERS.length > 0) return false;
  const why = 'neither docker-compose nor docker compose is installed: run "npm run peers"';
  if (process.env['CI'] === 'true') throw new Error(why);
  return why;
}

suite('docker-compose.yml', { skip }, () => {
  for (const reader of READERS) {
    const name = reader.join(' ');

    test(`${name} finds nothing to warn of`, () => {
      assert.equal(config(reader, ['config', '--quiet']).warnings, '');
    });

    test(`${name} starts both tiers, and others by their profile alone`, () => {
      const found = Array.from(services(reader), ([service, rows]) => [service, profileOf(rows)]);
      assert.deepEqual(Object.fromEntries(found), {
        appserver: 'usual',
        migrate: 'usual',
        proxy: 'usual',
        nginx: 'nginx',
        database: 'postgres',
      });
    });

    test(`${name} shuts every container in`, () => {
      const found = services(reader);
      assert.equal(found.size, 5);
      for (const [service, rows] of found) {
        assert.match(rows, /^ {4}read_only: true$/m, service);
        assert.match(rows, /^ {4}cap_drop:\n +- ALL$/m, service);
        assert.match(rows, /^ {4}security_opt:\n +- no-new-privileges:true$/m, service);
      }
    });

    test(`${name} takes base, images and port from the environment`, () => {
      const env = {
        BASE: 'base:1',
        NGINX_IMAGE: 'front:2',
        POSTGRES_IMAGE: 'data:3',
        PORT: '9090',
        DATABASE_URL: 'postgres://there',
      };
      const { text } = config(reader, [...ALL, 'config'], env);
      assert.match(text, /BASE: base:1$/m);
      assert.match(text, /NGINX_IMAGE: front:2$/m);
      assert.match(text, /image: data:3$/m);
      assert.match(text, /9090/);
      assert.match(text, /DATABASE_URL: postgres:\/\/there$/m);
      assert.doesNotMatch(text, /8080:8080|published: "?8080/);
    });
  }
});
