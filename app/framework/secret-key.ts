/** The key that signs cookies where SECRET_KEY gives none: made once, shared by all workers. */

import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hasCode } from './errors.ts';

/**
 * The key in the file at `path`, which is made, for its owner's eyes only, where there is none. Of
 * several processes that make it at once, one's key counts for all. Throws where it cannot be kept.
 */
export function readOrMakeSecretKey(path: string): string {
  const own = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  try {
    writeFileSync(own, randomBytes(48).toString('base64url'), { mode: 0o600 });
  } catch (cause) {
    const advice = 'set SECRET_KEY, or SECRET_KEY_FILE to a place that can be written';
    throw new Error(`cannot keep a secret key at "${path}": ${advice}`, { cause });
  }
  // A link appears with its whole content, and fails where another process was first.
  try {
    linkSync(own, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    rmSync(own);
  }
  return readFileSync(path, 'utf8');
}
