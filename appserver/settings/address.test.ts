import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SettingError } from '../errors.ts';
import { parseBind, showBind } from './address.ts';

const READ: [string, ReturnType<typeof parseBind>, string][] = [
  ['127.0.0.1:9000', { kind: 'tcp', host: '127.0.0.1', port: 9000 }, 'http://127.0.0.1:9000'],
  ['LOCALHOST', { kind: 'tcp', host: 'localhost', port: 8000 }, 'http://localhost:8000'],
  [':9000', { kind: 'tcp', host: '0.0.0.0', port: 9000 }, 'http://0.0.0.0:9000'],
  ['[::1]:9000', { kind: 'tcp', host: '::1', port: 9000 }, 'http://[::1]:9000'],
  ['[::]', { kind: 'tcp', host: '::', port: 8000 }, 'http://[::]:8000'],
  ['unix:run/a.sock', { kind: 'unix', path: 'run/a.sock' }, 'unix:run/a.sock'],
  ['unix:///tmp/a.sock', { kind: 'unix', path: '/tmp/a.sock' }, 'unix:/tmp/a.sock'],
  ['fd://3', { kind: 'fd', fd: 3 }, 'fd://3'],
];
for (const [text, address, shown] of READ) {
  test(`${text} is read and shown`, () => {
    assert.deepEqual(parseBind(text), address);
    assert.equal(showBind(address), shown);
  });
}

test("a wrong port or descriptor is refused in Gunicorn's words", () => {
  const port = new SettingError("'abc' is not a valid port number.");
  assert.throws(() => parseBind('127.0.0.1:abc'), port);
  assert.throws(() => parseBind('127.0.0.1:65536'), SettingError);
  assert.throws(() => parseBind('fd://x'), new SettingError("'x' is not a valid file descriptor."));
});
