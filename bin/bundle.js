// Puts each program, worker and thread into one file of dist/, so that a start reads one file in place
// of hundreds. No types are checked; bin/build.js does that.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { changedAt, INPUTS, isFresh } from './fresh.js';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/** What launchers load, what `entryModule` names, and what applications import. */
export const ENTRIES = [
  'prefork/signals',
  'prefork/environment',
  'prefork/daemonize',
  'prefork/worker',
  'prefork/thread',
  'proxy/main',
  'proxy/worker',
  'appserver/main',
  'appserver/worker/thread',
  'appserver/worker/watch',
  'appserver/worker/watchdog-thread',
  'appserver/validate/subject-thread',
  'appserver/gateway',
  'cli/main',
  'cli/lifeline',
];

/** What decides on the files of dist/ beside the sources. */
const RECIPE = ['bin/bundle.js', 'package.json', 'package-lock.json', 'tsconfig.json'];

/** Clocks of file systems tick about every 4 ms. */
const TICK_MS = 20;

/**
 * What esbuild makes of a project, not yet written. Packages stay outside; paths stand below dist/.
 * Entries share no chunks: those are more files to read, for 6 % of a start.
 * @param {string} project
 */
export async function bundled(project) {
  const { build } = await import('esbuild');
  return build({
    absWorkingDir: project,
    entryPoints: ENTRIES.map((name) => `${name}.ts`),
    outbase: '.',
    outdir: 'dist',
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24.20',
    packages: 'external',
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
}

/** Makes dist/ anew, unless it is fresh. Rejects with what is wrong, and leaves dist/ as it was. */
export async function bundle(project = PROJECT) {
  if (isFresh(project)) return;
  const begin = Date.now();
  const { outputFiles, metafile } = await bundled(project);
  const inputs = [...RECIPE, ...Object.keys(metafile.inputs)].map((path) => {
    const at = changedAt(join(project, path));
    // It may have been read before it changed: 0 is no time of any file, so this dist/ is never fresh.
    return [path, at < begin - TICK_MS ? at : 0];
  });
  // Beside dist/ first: nobody shall find half of it.
  const folder = join(project, 'node_modules', '.cache', `dist-${process.pid}`);
  const dist = join(project, 'dist');
  for (const { path, contents } of outputFiles) write(join(folder, relative(dist, path)), contents);
  write(join(folder, INPUTS), JSON.stringify(Object.fromEntries(inputs)));
  const former = `${folder}-former`;
  if (existsSync(dist)) renameSync(dist, former);
  renameSync(folder, dist);
  rmSync(former, { recursive: true, force: true });
}

/** @param {string} path @param {string | Uint8Array} contents */
function write(path, contents) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}
