import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldName } from './field-names.ts';

function nameIn(text: string, at = 0, end = text.length): string {
  return fieldName(Buffer.from(text, 'latin1'), text, at, end);
}

test('a name is what stands between the places, whatever was asked before', () => {
  assert.equal(nameIn('Host: a', 0, 4), 'Host');
  assert.equal(nameIn('xxHostyy', 2, 6), 'Host');
  assert.equal(nameIn('HOST', 0, 4), 'HOST');
  assert.equal(nameIn('Hast', 0, 4), 'Hast');
});

test('names that fall on one place never stand for each other', () => {
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  for (let round = 0; round < 3; round++) {
    for (const first of letters) {
      for (const middle of letters) {
        const name = `${first}${middle}-same-${first}`;
        assert.equal(nameIn(name), name);
      }
    }
  }
});

test('a long name is given whole', () => {
  const name = 'x'.repeat(5000);
  assert.equal(nameIn(name), name);
  assert.equal(nameIn(`${'y'.repeat(40)}: 1`, 0, 40), 'y'.repeat(40));
  assert.equal(nameIn(`${'y'.repeat(41)}: 1`, 0, 41), 'y'.repeat(41));
});
