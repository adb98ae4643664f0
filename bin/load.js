// Imports a module by its name without extension: from dist/ where that is fresh, or where there are
// no sources, as in an installed package; else the source.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isFresh } from './fresh.js';

const project = new URL('../', import.meta.url);
const isBuilt =
  !existsSync(new URL('prefork/signals.ts', project)) || isFresh(fileURLToPath(project));

/** @param {string} name such as `proxy/main` @returns {Promise<any>} */
export function load(name) {
  return import(new URL(isBuilt ? `dist/${name}.js` : `${name}.ts`, project).href);
}
