// `npm run build`: makes the dist/ that `npm pack` ships, since Node strips no types inside
// node_modules. A type error leaves no dist/ behind and ends with tsc's own status.
// With --quick, for `npm start`, no types are checked and applications get none; where nothing can be
// built, the sources run.
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.js';

const project = fileURLToPath(new URL('..', import.meta.url));
if (process.argv.includes('--quick')) await bundle().catch(sayWhy);
else await build();

/** An installation without devDependencies has no esbuild, and nothing is wrong with that. */
function sayWhy(error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') console.error(error.message);
}

async function build() {
  const types = join(project, 'node_modules', '.cache', `types-${process.pid}`);
  try {
    const status = checkTypes(types);
    if (status !== 0) {
      rmSync(join(project, 'dist'), { recursive: true, force: true });
      process.exitCode = status;
      return;
    }
    await bundle();
    const gateway = join('appserver', 'gateway.d.ts');
    cpSync(join(types, gateway), join(project, 'dist', gateway));
  } finally {
    rmSync(types, { recursive: true, force: true });
  }
}

/** Runs tsc, which writes the types into `folder`. */
function checkTypes(folder) {
  const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
  const { status } = spawnSync(
    process.execPath,
    [join(typescript, 'bin/tsc'), '-p', join(project, 'tsconfig.build.json'), '--outDir', folder],
    { stdio: 'inherit', cwd: project },
  );
  return status ?? 1;
}
