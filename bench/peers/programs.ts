/** The programs that stand beside ours, and what is said where one is missing. */
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const require = createRequire(import.meta.url);

export const NGINX = findProgram('nginx') ?? 'nginx';
export const HAPROXY = findProgram('haproxy') ?? 'haproxy';

/** The project's own folder. */
export const PROJECT = ROOT;

/** Why a program of the machine cannot run here, or undefined where it can. */
export function lacksProgram(name: string): string | undefined {
  return findProgram(name) === undefined ? `${name} is not installed: npm run peers` : undefined;
}

/** Why a package cannot be loaded, or undefined where it can. */
export function lacksPackage(...names: readonly string[]): string | undefined {
  for (const name of names) {
    try {
      require.resolve(name);
    } catch {
      return `package ${name} is not installed: npm ci`;
    }
  }
  return undefined;
}

/** Why a file of ours cannot run, or undefined where it stands. */
export function lacksFile(path: string): string | undefined {
  return isReadable(join(ROOT, path)) ? undefined : `${path} is not there`;
}

/** Where a program stands: PATH first, then the folders of the administrator. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  for (const folder of folders) {
    const path = join(folder, name);
    if (folder !== '' && isReadable(path)) return path;
  }
  return undefined;
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
