// Whether dist/ was made from the sources as they stand. It costs a stat for each of them, 2 ms in all,
// once per master: workers and threads run what their master runs.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** In dist/: the path of each file it was made from, and when that had changed last. */
export const INPUTS = 'inputs.json';

/** @param {string} project folder of dist/ and of the sources @returns {boolean} */
export function isFresh(project) {
  try {
    const inputs = JSON.parse(readFileSync(join(project, 'dist', INPUTS), 'utf8'));
    return Object.entries(inputs).every(([path, at]) => changedAt(join(project, path)) === at);
  } catch {
    return false; // There is no dist/, or a source is gone.
  }
}

/**
 * The time of the last change in milliseconds. Any write moves it on, and nothing sets it back, as
 * unpacking an archive or copying a file does with the time of modification.
 * @param {string} file @returns {number}
 */
export function changedAt(file) {
  return statSync(file).ctimeMs;
}
