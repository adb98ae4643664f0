import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readUpOptions } from './up-options.ts';

const COMPLAINTS: [words: string[], complaint: RegExp][] = [
  [['server:app'], /^unexpected argument "server:app": .* --app server:app$/],
  [['--workers', '4'], /^unknown option "--workers": options of the pool go after --,/],
  [['--app'], /^option "--app" requires a value$/],
];
for (const [words, complaint] of COMPLAINTS) {
  test(`tandem up ${words.join(' ')} says what to write instead`, () => {
    assert.match(String(readUpOptions(words)), complaint);
  });
}
