import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeFailure, exitCodeOf } from './boot-failure.ts';
import type { ThreadListener } from './types.ts';

const TCP: ThreadListener = {
  key: 'tcp:127.0.0.1:80',
  spec: {
    kind: 'tcp',
    host: '127.0.0.1',
    port: 80,
    ipv6Only: true,
    reusePort: false,
    backlog: 8,
  },
  fd: 4,
};
const UNIX: ThreadListener = {
  key: 'unix:s',
  spec: { kind: 'unix', path: 's', backlog: 8 },
  fd: 5,
};

test('the listener of a failure is found by its descriptor, its address or being the only one', () => {
  const both = [TCP, UNIX];
  const named = (facts: object, listeners = both) =>
    describeFailure(Object.assign(new Error('x'), facts), 0, listeners).listener;
  assert.equal(named({ fd: 5 }), UNIX.spec);
  assert.equal(named({ address: '127.0.0.1', port: 80 }), TCP.spec);
  assert.equal(named({ code: 'EADDRINUSE' }), undefined);
  assert.equal(named({ code: 'EADDRINUSE', syscall: 'listen' }, [TCP]), TCP.spec);
  assert.equal(named({}, [TCP]), undefined);
});

test('what is thrown need not be an error', () => {
  const failure = describeFailure('plain text', 2, []);
  assert.deepEqual([failure.name, failure.message, failure.stack], ['string', 'plain text', '']);
  assert.equal(failure.threadIndex, 2);
});

test('an error may bring its own exit code, and 3 stands for all others', () => {
  const codes = [{ exitCode: 4 }, {}, { exitCode: 0 }, { exitCode: 'x' }, null].map(exitCodeOf);
  assert.deepEqual(codes, [4, 3, 3, 3, 3]);
});
