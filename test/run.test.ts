/** What `npm test` promises whoever reads its output. */
import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Program } from './harness/program.ts';
import { until } from './harness/until.ts';

const RUN = join(import.meta.dirname, 'run.js');

/** A daemon has a session of its own; only what it inherited says whose it is. */
const WAITS_FOR_EVER = `import { spawn } from 'node:child_process';
import { test } from 'node:test';
const forEver = ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)'];
test('waits for ever', async () => {
  const child = spawn(process.execPath, forEver);
  const daemon = spawn(process.execPath, forEver, { detached: true, stdio: 'ignore' });
  console.log('started', process.pid, child.pid, daemon.pid);
  await new Promise(() => setInterval(() => {}, 1000));
});
`;

const TOGETHER = {
  'one.test.ts': `import { test } from 'node:test'; test('first', () => console.log('in', process.pid));`,
  'two.test.ts': `import { test } from 'node:test'; test('second', () => console.log('in', process.pid));`,
  'alone.test.ts': `import { beforeEach, test } from 'node:test';
beforeEach(() => console.log('before'));
test('third', () => console.log('in', process.pid));`,
  'wrong.test.ts': `import { test } from 'node:test'; test('fourth', () => { throw new Error('no'); });`,
};

function runTests(t: TestContext, files: Readonly<Record<string, string>>, ...words: string[]) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-run-')));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const run = new Program(process.execPath, [RUN, ...words], { cwd: folder });
  t.after(async () => {
    await run.stop();
    rmSync(folder, { recursive: true });
  });
  return run;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`a run that ${signal} ends says so, lists no failure and leaves nothing behind`, async (t) => {
    const run = runTests(t, { 'waits.test.ts': WAITS_FOR_EVER });
    const [, ...pids] = await run.sees(/started (\d+) (\d+) (\d+)/);
    run.signal(signal);
    assert.equal(await run.ended, code);
    assert.match(run.output, /\ninterrupted\n$/);
    assert.doesNotMatch(run.output, /✖|not ok|fail/);
    await until(
      () => pids.map(Number).filter(isAlive),
      (left) => left.length === 0,
    );
  });
}

test('files that share nothing run in one process, others alone, and all are counted', async (t) => {
  const run = runTests(t, TOGETHER);
  assert.equal(await run.ended, 1);
  const pids = [...run.output.matchAll(/in (\d+)/g)].map(([, pid]) => pid);
  assert.equal(pids.length, 3);
  assert.equal(new Set(pids).size, 2);
  assert.equal(run.output.match(/before/g)?.length, 1);
  assert.match(run.output, /tests 4\n/);
  assert.match(run.output, /pass 3\n/);
  assert.match(run.output, /fail 1\n/);
  assert.match(run.output, /wrong\.test\.ts:1/);
});

test('words choose files, and none of that name is a failure', async (t) => {
  const run = runTests(t, TOGETHER, 'alone', 'two');
  assert.equal(await run.ended, 0);
  assert.match(run.output, /tests 2\n/);
  const none = runTests(t, TOGETHER, 'nothing');
  assert.equal(await none.ended, 1);
  assert.equal(none.output, 'no test file matches nothing\n');
});
