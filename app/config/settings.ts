/** The settings of this site, read from the environment once per process. */

import { join, resolve } from 'node:path';
import { isPostgresUrl } from '../framework/database.ts';
import type { Language } from '../framework/i18n.ts';
import { readOrMakeSecretKey } from '../framework/secret-key.ts';

/** The project's folder: what relative paths in the settings are relative to. */
export const BASE_DIR = join(import.meta.dirname, '..', '..');

/** Settings of the site. `.env.example` shows the variables they come from. */
export interface Settings {
  /**
   * Where the data is: a `postgres://` URL from DATABASE_URL, or else the SQLite file that
   * DATABASE_PATH names; `db.sqlite3` in the project's folder.
   */
  readonly database: string;
  /**
   * For people who change the site, from DEBUG (`1` or `true`): templates are read again for every
   * page, static files are named as they are written, and errors show where they came from.
   */
  readonly debug: boolean;
  /** Time zone that dates are shown in, an IANA name, from TIME_ZONE; UTC. */
  readonly timeZone: string;
  /** Prefix of the static files, which the proxy serves: `/static/`. */
  readonly staticUrl: string;
  /** Folders of static files as they are written, tried in order. */
  readonly staticFolders: readonly string[];
  /**
   * Where `manage.ts collectstatic` puts them for the proxy, from STATIC_ROOT; `run/static` in the
   * project's folder.
   */
  readonly staticRoot: string;
  /** Folder of files that the proxy sends where a view says so, from PROTECTED_ROOT; `run/protected`. */
  readonly protectedFolder: string;
  /** The proxy's internal location of that folder: `/protected/`. */
  readonly protectedUrl: string;
  /** Template folders, tried in order. */
  readonly templateFolders: readonly string[];
  /** Languages of the site; the first is that of clients who want none of them. */
  readonly languages: readonly Language[];
  /** Folder of the catalogues, `de.json` for German. */
  readonly localeFolder: string;
  /** Longest request content in bytes; the proxy's `client_max_body_size` comes first. */
  readonly contentLimitBytes: number;
  /**
   * Keys that sign sessions, from SECRET_KEY and the comma-separated SECRET_KEY_FALLBACKS. Without
   * SECRET_KEY one is made and kept in SECRET_KEY_FILE: beside SQLite's file, or with PostgreSQL
   * `.secret-key` in the project's folder. Throws where it cannot be kept there.
   */
  secretKeys(): readonly string[];
}

/**
 * Reads the settings from `environment` (`process.env`, after `.env` was loaded into it). Throws
 * where a value is not one that its variable takes.
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const database = readDatabase(environment['DATABASE_URL'], environment['DATABASE_PATH']);
  return {
    database,
    debug: readFlag('DEBUG', environment['DEBUG']),
    timeZone: readTimeZone(environment['TIME_ZONE']),
    staticUrl: '/static/',
    staticFolders: [join(BASE_DIR, 'app', 'static')],
    staticRoot: resolve(BASE_DIR, environment['STATIC_ROOT'] || join('run', 'static')),
    protectedFolder: resolve(BASE_DIR, environment['PROTECTED_ROOT'] || join('run', 'protected')),
    protectedUrl: '/protected/',
    templateFolders: [
      join(BASE_DIR, 'app', 'templates'),
      join(BASE_DIR, 'app', 'polls', 'templates'),
      join(BASE_DIR, 'app', 'chat', 'templates'),
    ],
    languages: [
      { code: 'en', name: 'English', locale: 'en-GB' },
      { code: 'de', name: 'Deutsch', locale: 'de-DE' },
    ],
    localeFolder: join(BASE_DIR, 'app', 'locale'),
    contentLimitBytes: 2_621_440,
    secretKeys: secretKeysOf(environment, readKeyFile(database, environment['SECRET_KEY_FILE'])),
  };
}

/** Where the key is that the site makes itself: with the data, so that it outlives the code. */
function readKeyFile(database: string, path = ''): string {
  if (path !== '') return resolve(BASE_DIR, path);
  return isPostgresUrl(database) ? join(BASE_DIR, '.secret-key') : `${database}.secret-key`;
}

/** Read once, and only when a request needs them: `manage.ts` makes no key file. */
function secretKeysOf(
  environment: Readonly<Record<string, string | undefined>>,
  file: string,
): () => readonly string[] {
  let keys: readonly string[] | undefined;
  return () => {
    if (keys !== undefined) return keys;
    const fallbacks = (environment['SECRET_KEY_FALLBACKS'] ?? '').split(',');
    const first = environment['SECRET_KEY'] || readOrMakeSecretKey(file);
    keys = [first, ...fallbacks.map((key) => key.trim()).filter((key) => key !== '')];
    return keys;
  };
}

function readDatabase(url = '', path = ''): string {
  if (url === '') return resolve(BASE_DIR, path || 'db.sqlite3');
  // The value holds a password, so the message does not repeat it.
  if (!isPostgresUrl(url))
    throw new Error('invalid DATABASE_URL: it must begin with "postgres://"');
  return url;
}

function readFlag(name: string, text = ''): boolean {
  switch (text.toLowerCase()) {
    case '1':
    case 'true':
      return true;
    case '':
    case '0':
    case 'false':
      return false;
    default:
      throw new Error(`invalid ${name} "${text}": use 1 or 0`);
  }
}

function readTimeZone(text = ''): string {
  const timeZone = text || 'UTC';
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch (cause) {
    throw new Error(`invalid TIME_ZONE "${timeZone}"`, { cause });
  }
  return timeZone;
}
