import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BASE_DIR, readSettings } from './settings.ts';

test('without variables the settings are those of a fresh clone', () => {
  const settings = readSettings({});
  assert.equal(settings.database, join(BASE_DIR, 'db.sqlite3'));
  assert.equal(settings.debug, false);
  assert.equal(settings.timeZone, 'UTC');
  assert.equal(settings.staticRoot, join(BASE_DIR, 'run', 'static'));
});

test('a relative folder of collected files starts at the project too', () => {
  assert.equal(readSettings({ STATIC_ROOT: 'x/y' }).staticRoot, join(BASE_DIR, 'x', 'y'));
  assert.equal(readSettings({ STATIC_ROOT: '/srv/static' }).staticRoot, '/srv/static');
});

test('a relative database path starts at the project, whatever the working directory', () => {
  assert.equal(readSettings({ DATABASE_PATH: 'run/x' }).database, join(BASE_DIR, 'run', 'x'));
  assert.equal(readSettings({ DATABASE_PATH: '/srv/x' }).database, '/srv/x');
});

test('a value that its variable does not take is refused', () => {
  assert.throws(() => readSettings({ DEBUG: 'maybe' }), /invalid DEBUG "maybe"/);
  assert.throws(() => readSettings({ TIME_ZONE: 'Mars/Base' }), /invalid TIME_ZONE "Mars\/Base"/);
});

test('a PostgreSQL database is named by its URL, which is not repeated where it is wrong', () => {
  const url = 'postgres://polls:secret@db/polls';
  assert.equal(readSettings({ DATABASE_URL: url, DATABASE_PATH: 'run/x' }).database, url);
  assert.throws(
    () => readSettings({ DATABASE_URL: 'mysql://polls:secret@db/polls' }),
    (error: Error) => /invalid DATABASE_URL/.test(error.message) && !/secret/.test(error.message),
  );
});

test('the key of the environment is the key, and no file is made for it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-key-'));
  try {
    const SECRET_KEY_FILE = join(folder, 'key');
    const given = { SECRET_KEY: 'given', SECRET_KEY_FILE, SECRET_KEY_FALLBACKS: 'old, older' };
    assert.deepEqual(readSettings(given).secretKeys(), ['given', 'old', 'older']);
    assert.deepEqual(readdirSync(folder), []);
    // Compose gives an empty variable where the environment has none.
    const [made] = readSettings({ SECRET_KEY: '', SECRET_KEY_FILE }).secretKeys();
    assert.equal(made, readFileSync(SECRET_KEY_FILE, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
