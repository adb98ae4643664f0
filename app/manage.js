// `npm run manage -- migrate`, or `node app/manage.js migrate`: the site's own commands, which
// manage.ts holds. Plain JavaScript that any Node.js from 18 on reads: an older one hands over to
// the Node.js that `npm ci` has brought.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const commands = join(here, 'manage.ts');
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major > 24 || (major === 24 && minor >= 20)) await run();
else handOver();

async function run() {
  try {
    await import('./manage.ts');
  } catch (error) {
    const isPackage = /^Cannot find package/.test(error.message);
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || !isPackage) throw error;
    console.error(`${error.message.split(' imported from')[0]}: run npm ci first`);
    process.exitCode = 1;
  }
}

/** Runs the same command under the Node.js of the nearest node_modules. */
function handOver() {
  const node = findNode();
  if (node === undefined) {
    console.error(
      `the site needs Node.js 24.20 or newer; this is ${process.versions.node}.\n` +
        'Run npm ci, which installs it, then the same command again',
    );
    process.exitCode = 1;
    return;
  }
  const { status, signal, error } = spawnSync(node, [commands, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  if (error !== undefined) throw error;
  if (signal !== null) process.kill(process.pid, signal);
  process.exitCode = status ?? 1;
}

/** Where the package `node` keeps its program. */
function findNode() {
  for (let folder = here; ; folder = dirname(folder)) {
    const node = join(folder, 'node_modules', 'node', 'bin', 'node');
    if (existsSync(node)) return node;
    if (folder === dirname(folder)) return undefined;
  }
}
