import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FieldTable } from './field-table.ts';

test('names are found in any case, underscores and hyphens apart', () => {
  const table = new FieldTable();
  table.set('Content-Type', 3);
  table.set('X_Own', 4);
  table.set('x-own', 5);
  assert.equal(table.codeOf('content-type'), 3);
  assert.equal(table.codeOf('CONTENT-TYPE'), 3);
  assert.equal(table.codeOf('X_OWN'), 4);
  assert.equal(table.codeOf('X-Own'), 5);
  assert.equal(table.codeOf('X-Owm'), 0);
  assert.equal(table.codeOf('Content-Typ'), 0);
  assert.equal(table.codeOf('a much longer name than any'), 0);
  assert.equal(table.codeOf(''), 0);
});

test('a name that is set again has the later code', () => {
  const table = new FieldTable();
  table.set('Date', 9);
  table.set('DATE', 1);
  assert.equal(table.codeOf('Date'), 1);
});
