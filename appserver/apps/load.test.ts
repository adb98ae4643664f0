import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppLoadError } from '../errors.ts';
import { parseAppName } from './load.ts';

const NAMES: [string, ReturnType<typeof parseAppName>][] = [
  ['app', { module: 'app', export: undefined, args: undefined }],
  ['app/server.ts:app', { module: 'app/server.ts', export: 'app', args: undefined }],
  ['@scope/pkg/sub:app', { module: '@scope/pkg/sub', export: 'app', args: undefined }],
  ['app:make()', { module: 'app', export: 'make', args: [] }],
  [
    `app:make("a:b", 'c"d', 1, true, null, [1])`,
    { module: 'app', export: 'make', args: ['a:b', 'c"d', 1, true, null, [1]] },
  ],
];
for (const [name, parsed] of NAMES) {
  test(`${name} is read`, () => {
    assert.deepEqual(parseAppName(name), parsed);
  });
}

for (const name of ['app:', 'app:a.b', 'app:make(x)', 'app:make(', ':app']) {
  test(`${name} is no name of an application`, () => {
    assert.throws(() => parseAppName(name), AppLoadError);
  });
}
