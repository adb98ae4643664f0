/** The key that signs cookies where SECRET_KEY gives none: made once, shared by all workers. */

import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hasCode } from './errors.ts';

/**
 * The key in the file at `path`, which is made, for its owner's eyes only, where there is none. Of
 * several processes that make it at once, one's key counts for all.
 */
export function readOrMakeSecretKey(path: string): string {
  const own = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  // A link appears with its whole content, and fails where another process was first.
  writeFileSync(own, randomBytes(48).toString('base64url'), { mode: 0o600 });
  try {
    linkSync(own, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    rmSync(own);
  }
  return readFileSync(path, 'utf8');
}
