// `npm test`: runs every *.test.ts with Node's own runner, in this process's Node. Ctrl-C ends the run
// with all that it started, and says no more than that.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../bin/bundle.js';
import { groupFiles } from './harness/groups.js';
import { endRun, MARK } from './harness/leftovers.js';

/** Where the thousands of processes that tests start keep what Node compiled, for the next one. */
const CACHE = join(import.meta.dirname, '..', 'node_modules', '.cache', 'compiled');

/** Exit codes of a program that a signal ended, as shells have them. */
const INTERRUPTIONS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/** Two cores are enough for them: with more files, processes that tests wait for take long to boot. */
const FILES_AT_ONCE = 2;

const wanted = process.argv.slice(2);
const files = globSync('**/*.test.ts', {
  exclude: (path) => /(^|\/)(node_modules|dist|\.git)(\/|$)/.test(path),
})
  .filter((file) => wanted.length === 0 || wanted.some((word) => file.includes(word)))
  .sort();
if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(' ')}`);
  process.exit(1);
}
// The programs that tests start are what users run, and start sooner. Where a source cannot
// be built, the sources run.
await bundle().catch((error) => console.error(error.message));
const child = spawn(
  process.execPath,
  ['--test', `--test-concurrency=${FILES_AT_ONCE}`, '--test-timeout=120000', ...groupFiles(files)],
  {
    // A session of its own: a terminal's Ctrl-C shall reach this process alone, or the runner would
    // call every test a failure that was cut off.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      NODE_NO_WARNINGS: '1',
      NODE_COMPILE_CACHE: CACHE,
      [MARK]: String(process.pid),
    },
  },
);
let isInterrupted = false;
for (const [signal, code] of Object.entries(INTERRUPTIONS)) {
  process.on(signal, async () => {
    if (isInterrupted) return;
    isInterrupted = true;
    child.kill('SIGKILL');
    await endRun(String(process.pid), child.pid ?? 0);
    console.error('interrupted');
    process.exit(code);
  });
}
child.on('exit', (code) => {
  if (!isInterrupted) process.exitCode = code ?? 1;
});
