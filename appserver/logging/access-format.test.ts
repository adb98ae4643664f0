import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SettingError } from '../errors.ts';
import { type AccessRecord, compileAccessFormat } from './access-format.ts';

const RECORD: AccessRecord = {
  clientAddress: '10.0.0.1',
  method: 'GET',
  target: '/a%22%0Ab?c',
  protocol: 'HTTP/1.1',
  scheme: 'https',
  status: 200,
  contentBytesSent: 0,
  durationMicroseconds: 2_003_456,
  requestField: (name) => (name === 'x-in' ? 'a"b' : undefined),
  responseField: (name) => (name === 'x-out' ? 'c\\d' : undefined),
};

const LINES: [string, string][] = [
  ['%(h)s %(l)s %(u)s', '10.0.0.1 - -'],
  ['%(r)s', 'GET /a%22%0Ab?c HTTP/1.1'],
  ['%(U)s|%(q)s', '/a\\"\\u000ab|c'],
  ['%(b)s %(B)d %(s)s', '0 0 200'],
  ['%(T)s %(M)s %(D)s %(L)s', '2 2003 2003456 2.003456'],
  ['%({X-In}i)s %({X-OUT}o)s %({no}i)s', 'a\\"b c\\\\d -'],
  ['%({wsgi.url_scheme}e)s %({HTTP_X_IN}e)s %({HOME}e)s', 'https a\\"b -'],
  ['100%% %(zz)s', '100% -'],
];
for (const [format, line] of LINES) {
  test(`${format} writes ${line}`, () => {
    assert.equal(compileAccessFormat(format)(RECORD), `${line}\n`);
  });
}

test('a format that Python would not take is refused', () => {
  for (const format of ['%(h', '%h', '%(h)x', '50%']) {
    assert.throws(() => compileAccessFormat(format), SettingError, format);
  }
});
