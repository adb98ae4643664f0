import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpRequest } from '../http/request.ts';
import { lowerCase, MapTable } from './map-table.ts';

// Strings never look at the request.
const NOBODY = {} as HttpRequest;

function tableOf(hasHostnames: boolean, ...keys: string[]): MapTable<string> {
  const table = new MapTable<string>();
  table.hasHostnames = hasHostnames;
  for (const key of keys) assert.equal(table.add(key, key), undefined);
  return table;
}

test('strings are found without regard to case', () => {
  const table = tableOf(false, 'Key', '');
  assert.equal(table.find(NOBODY, 'kEY'), 'Key');
  assert.equal(table.find(NOBODY, ''), '');
  assert.equal(table.find(NOBODY, 'other'), undefined);
});

test('bytes from 0x80 are no letters', () => {
  assert.equal(lowerCase('\xc3\x89A'), '\xc3\x89a');
});

test('without hostnames a star is a star', () => {
  const table = tableOf(false, '*.example.org');
  assert.equal(table.find(NOBODY, 'a.example.org'), undefined);
  assert.equal(table.find(NOBODY, '*.example.org'), '*.example.org');
});

test('exact names win over leading stars, those over trailing stars, longer over shorter', () => {
  const table = tableOf(true, 'a.b.org', '*.org', '*.b.org', 'a.*', 'a.b.*', '.dot.net');
  assert.equal(table.find(NOBODY, 'a.b.org'), 'a.b.org');
  assert.equal(table.find(NOBODY, 'A.b.org.'), 'a.b.org');
  assert.equal(table.find(NOBODY, 'x.b.org'), '*.b.org');
  assert.equal(table.find(NOBODY, 'x.y.b.org'), '*.b.org');
  assert.equal(table.find(NOBODY, 'b.org'), '*.org');
  assert.equal(table.find(NOBODY, 'a.b.com'), 'a.b.*');
  assert.equal(table.find(NOBODY, 'a.com'), 'a.*');
  assert.equal(table.find(NOBODY, 'dot.net'), '.dot.net');
  assert.equal(table.find(NOBODY, 'x.dot.net'), '.dot.net');
  assert.equal(table.find(NOBODY, 'org'), undefined);
});

test('the same key twice and a bad wildcard are told', () => {
  const table = tableOf(true, '.dot.net');
  assert.equal(table.add('DOT.net', ''), 'conflict');
  assert.equal(table.add('*.dot.net', ''), 'conflict');
  for (const key of ['a*b', '*.a.*', 'a..b', '*', '*a'])
    assert.equal(table.add(key, ''), 'bad-host');
});
