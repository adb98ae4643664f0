import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvRow } from './csv.ts';

const comma = { delimiter: ',' } as const;

test('a cell is quoted where its text would be read as more than one cell', () => {
  assert.equal(csvRow(['a', 'b c', 7, null], comma), 'a,b c,7,\r\n');
  assert.equal(
    csvRow(['a,b', 'say "x"', 'two\nlines', ' x'], comma),
    '"a,b","say ""x""","two\nlines"," x"\r\n',
  );
  assert.equal(csvRow(['a,b', 'a;b'], { delimiter: ';' }), 'a,b;"a;b"\r\n');
  assert.equal(csvRow(['\u00dcber \u{1f6b2}'], comma), '\u00dcber \u{1f6b2}\r\n');
});

test('a text that a spreadsheet would run as a formula begins with an apostrophe', () => {
  for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '|x', '\uff1d1']) {
    assert.equal(csvRow([text], comma), `'${text}\r\n`);
  }
  assert.equal(csvRow(['\t=1'], comma), `'\t=1\r\n`);
  assert.equal(csvRow([' =1'], comma), `' =1\r\n`);
  assert.equal(csvRow(['\r=1'], comma), `"'\r=1"\r\n`);
  assert.equal(csvRow(['=HYPERLINK("x")'], comma), `"'=HYPERLINK(""x"")"\r\n`);
  assert.equal(csvRow([-1, 'a=b', ''], comma), '-1,a=b,\r\n');
});
