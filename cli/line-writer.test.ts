import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { LineWriter } from './line-writer.ts';

const ESCAPE = '\x1b[';

/** What a line of trouble looks like. */
function shown(isTTY: boolean, env: NodeJS.ProcessEnv): string {
  const out = Object.assign(new PassThrough(), { isTTY });
  new LineWriter(out, env).line('app', 'x [ERROR] y');
  return String(out.read());
}

test('a line has the name of its tier in front', () => {
  assert.equal(shown(false, {}), 'app    | x [ERROR] y\n');
});

test('colours are for terminals, or for who asks for them', () => {
  assert.ok(shown(true, {}).includes(`${ESCAPE}31m`));
  assert.ok(shown(false, { FORCE_COLOR: '1' }).includes(`${ESCAPE}35mapp    |`));
  assert.ok(!shown(true, { FORCE_COLOR: '0' }).includes(ESCAPE));
});

test('NO_COLOR wins over a terminal and over FORCE_COLOR, but not where it is empty', () => {
  assert.ok(!shown(true, { NO_COLOR: '1', FORCE_COLOR: '1' }).includes(ESCAPE));
  assert.ok(shown(true, { NO_COLOR: '' }).includes(ESCAPE));
});

test('who cannot write any more is told once the reader is gone', async () => {
  const out = new PassThrough();
  const writer = new LineWriter(out, {});
  const gone = new Promise<void>((resolve) => {
    writer.onGone = resolve;
  });
  out.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  await gone;
});
