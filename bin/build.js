// `npm run build`: makes the dist/ that `npm pack` ships, since Node strips no types inside
// node_modules. A type error leaves no dist/ behind and ends with tsc's own status.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('..', import.meta.url));
rmSync(join(project, 'dist'), { recursive: true, force: true });
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
const { status } = spawnSync(
  process.execPath,
  [join(typescript, 'bin/tsc'), '-p', join(project, 'tsconfig.build.json')],
  { stdio: 'inherit', cwd: project },
);
process.exitCode = status ?? 1;
