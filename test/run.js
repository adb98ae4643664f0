// `npm test`: runs every *.test.ts with Node's own runner, in this process's Node.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';

/** Where the thousands of processes that tests start keep what Node compiled, for the next one. */
const CACHE = join(import.meta.dirname, '..', 'node_modules', '.cache', 'compiled');

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
const child = spawn(
  process.execPath,
  ['--test', '--test-concurrency=2', '--test-timeout=120000', ...files],
  { stdio: 'inherit', env: { ...process.env, NODE_NO_WARNINGS: '1', NODE_COMPILE_CACHE: CACHE } },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => {
  process.exitCode = signal === null ? (code ?? 1) : 1;
});
