import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLocalText, toLocalText } from './time-zones.ts';

for (const [timeZone, text, instant] of [
  ['UTC', '2026-01-31T12:00', '2026-01-31T12:00:00.000Z'],
  ['Europe/Berlin', '2026-01-31T12:00', '2026-01-31T11:00:00.000Z'],
  ['Europe/Berlin', '2026-07-31T12:00', '2026-07-31T10:00:00.000Z'],
  ['Asia/Kathmandu', '2026-01-01T00:15', '2025-12-31T18:30:00.000Z'],
  ['Pacific/Auckland', '2025-01-01T12:30', '2024-12-31T23:30:00.000Z'],
  ['America/New_York', '2026-03-08T03:00', '2026-03-08T07:00:00.000Z'],
  ['Etc/GMT+12', '9998-12-31T23:59', '9999-01-01T11:59:00.000Z'],
] as const) {
  test(`clocks of ${timeZone} show ${text} at ${instant}`, () => {
    assert.deepEqual(readLocalText(text, timeZone), new Date(instant));
    assert.equal(toLocalText(new Date(instant), timeZone), text);
  });
}

test('seconds are left out', () => {
  assert.equal(toLocalText(new Date('2026-01-31T11:59:59.999Z'), 'UTC'), '2026-01-31T11:59');
});

test('a time that clocks skip or show twice is unclear', () => {
  for (const text of ['2026-03-29T02:30', '2026-10-25T02:30']) {
    assert.equal(readLocalText(text, 'Europe/Berlin'), 'unclear', text);
    assert.ok(readLocalText(text, 'UTC') instanceof Date, text);
  }
  for (const text of ['2026-03-29T01:59', '2026-03-29T03:00', '2026-10-25T03:00']) {
    assert.ok(readLocalText(text, 'Europe/Berlin') instanceof Date, text);
  }
});

test('what no clock shows is malformed', () => {
  for (const text of [
    '',
    'tomorrow',
    '2026-02-30T12:00',
    '2026-13-01T12:00',
    '2026-01-01T24:00',
    '2026-01-01T12:60',
    '2026-01-01',
    '0024-01-01T12:00',
    '9999-01-01T00:00',
    '+010000-01-01T00:00',
    ' 2026-01-31T12:00',
  ]) {
    assert.equal(readLocalText(text, 'UTC'), 'malformed', text);
  }
});
