import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions, UsageError } from './options.ts';
import { ROWS } from './rows.ts';

test('without options every row is measured and written', () => {
  const options = readOptions([]);
  assert.equal(options.rows.length, ROWS.length);
  assert.equal(options.writes, true);
  assert.ok(options.fronts.has('tandem'));
});

test('a peer that is measured only on request is not in the usual run', () => {
  assert.equal(readOptions([]).fronts.has('tandem-cache'), false);
  assert.deepEqual([...readOptions(['--fronts', 'tandem-cache']).fronts], ['tandem-cache']);
});

test('a partial run leaves the written figures alone unless told otherwise', () => {
  assert.equal(readOptions(['--rows', 'static-1k']).writes, false);
  assert.equal(readOptions(['--fronts', 'nginx']).writes, false);
  assert.equal(readOptions(['--quick']).writes, false);
  assert.equal(readOptions(['--rows', 'static-1k', '--write']).writes, true);
  assert.equal(readOptions(['--no-write']).writes, false);
});

test('rows keep their own order however they are named', () => {
  const { rows } = readOptions(['--rows', 'proxy-200,static-1k']);
  assert.deepEqual(
    rows.map((row) => row.id),
    ['static-1k', 'proxy-200'],
  );
});

test('an unknown row, front or number is refused with what is known', () => {
  assert.throws(
    () => readOptions(['--rows', 'static-2k']),
    /does not know "static-2k"; it knows static-1k/,
  );
  assert.throws(() => readOptions(['--fronts', 'apache']), /does not know "apache"/);
  assert.throws(() => readOptions(['--seconds', '0.5']), UsageError);
  assert.throws(() => readOptions(['--rounds', '0']), UsageError);
  assert.throws(() => readOptions(['--speed']), UsageError);
});
