// `npm run build`: makes the dist/ that `npm pack` ships. Node does not strip types inside node_modules.
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
