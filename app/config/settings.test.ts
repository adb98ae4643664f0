import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { BASE_DIR, readSettings } from './settings.ts';

test('without variables the settings are those of a fresh clone', () => {
  const settings = readSettings({});
  assert.equal(settings.databasePath, join(BASE_DIR, 'db.sqlite3'));
  assert.equal(settings.debug, false);
  assert.equal(settings.timeZone, 'UTC');
});

test('a relative database path starts at the project, whatever the working directory', () => {
  assert.equal(readSettings({ DATABASE_PATH: 'run/x' }).databasePath, join(BASE_DIR, 'run', 'x'));
  assert.equal(readSettings({ DATABASE_PATH: '/srv/x' }).databasePath, '/srv/x');
});

test('a value that its variable does not take is refused', () => {
  assert.throws(() => readSettings({ DEBUG: 'maybe' }), /invalid DEBUG "maybe"/);
  assert.throws(() => readSettings({ TIME_ZONE: 'Mars/Base' }), /invalid TIME_ZONE "Mars\/Base"/);
});
