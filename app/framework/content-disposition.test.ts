import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attachment } from './content-disposition.ts';

test('a name of plain ASCII is a quoted string', () => {
  assert.equal(
    attachment("it's a report (2).csv"),
    'attachment; filename="it\'s a report (2).csv"',
  );
});

test('any other name is there whole and in what old browsers read', () => {
  assert.equal(
    attachment("Übersicht 100%'*.csv"),
    "attachment; filename=\"_bersicht 100_'*.csv\"; filename*=UTF-8''%C3%9Cbersicht%20100%25%27%2A.csv",
  );
  assert.equal(attachment('a"b\\c'), `attachment; filename="a_b_c"; filename*=UTF-8''a%22b%5Cc`);
  assert.equal(attachment('🚲'), `attachment; filename="_"; filename*=UTF-8''%F0%9F%9A%B2`);
});

test('no name adds a field', () => {
  assert.equal(
    attachment('a\r\nSet-Cookie: b'),
    'attachment; filename="a__Set-Cookie: b"; filename*=UTF-8\'\'a%0D%0ASet-Cookie%3A%20b',
  );
  assert.match(attachment('\ud800'), /%EF%BF%BD$/);
});
