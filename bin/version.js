// What every launcher does first: says so where Node is too old. Plain JavaScript that old Node reads.
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 20)) {
  console.error(
    `tandem needs Node.js 24.20 or newer; this is ${process.versions.node}.\n${advice()}`,
  );
  process.exit(1);
}

/** What to type, by where this package stands: a project's node_modules, a global one, or a clone. */
function advice() {
  const home = dirname(dirname(fileURLToPath(import.meta.url)));
  const modules = dirname(home);
  if (!modules.endsWith(`${sep}node_modules`)) {
    return 'In the project, npm scripts find the right one first: npm ci && npm start';
  }
  const project = dirname(modules);
  if (!`${realpathSync(process.cwd())}${sep}`.startsWith(`${project}${sep}`)) {
    return 'Install it from https://nodejs.org/, or with the version manager you use';
  }
  if (existsSync(join(modules, 'node', 'bin', 'node'))) {
    return 'This project has one already, which npx and npm scripts find: npx tandem';
  }
  if (existsSync(join(modules, 'node', 'package.json'))) {
    return 'npm installed one without its program, whose script it did not run: npm rebuild node --ignore-scripts=false';
  }
  return 'In this project: npm install -D node@24, and npx finds it from then on';
}
