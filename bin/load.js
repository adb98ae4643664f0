// Imports a module by its name without extension: the TypeScript source where there is one, else the build.
import { existsSync } from 'node:fs';

/** @param {string} name such as `proxy/main` @returns {Promise<any>} */
export function load(name) {
  const source = new URL(`../${name}.ts`, import.meta.url);
  return import(
    existsSync(source) ? source.href : new URL(`../dist/${name}.js`, import.meta.url).href
  );
}
