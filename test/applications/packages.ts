/** The frameworks of this folder's own package.json, for tests that run the real thing. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** What a test links into the folder of a pool. */
export const PACKAGES = join(import.meta.dirname, 'node_modules');

/** The one command that brings them. */
const COMMAND = 'npm run applications';

/**
 * For `test(..., { skip: missing(), ... })`: why a test of these packages cannot run, or false. With
 * CI=true that is a failure, not a skip.
 */
export function missing(...paths: readonly string[]): string | false {
  const absent = ['express', ...paths].find((path) => !existsSync(join(PACKAGES, path)));
  if (absent === undefined) return false;
  const reason = `${absent} is not installed: ${COMMAND}`;
  if (process.env['CI'] === 'true') throw new Error(reason);
  console.error(`SKIPPED: ${reason}`);
  return reason;
}
