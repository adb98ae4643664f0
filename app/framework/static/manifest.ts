/** Which hashed name each static file was collected under, and the address that a page gives it. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode } from '../errors.ts';
import { encodePath } from '../percent-encoding.ts';

/** The manifest's name in the folder of the collected files; Django's. */
export const MANIFEST_NAME = 'staticfiles.json';

const VERSION = 1;

/** Hashed names by plain name: "site.css" has "site.3f2a1b9c0d1e.css". */
export type StaticPaths = Readonly<Record<string, string>>;

/** The manifest's text for `paths`. */
export function manifestText(paths: StaticPaths): string {
  return `${JSON.stringify({ version: VERSION, paths }, null, 2)}\n`;
}

/** Reads the manifest of `staticRoot`; undefined where there is none. Throws where it is no manifest. */
export function readManifest(staticRoot: string): StaticPaths | undefined {
  const file = join(staticRoot, MANIFEST_NAME);
  const text = readIfThere(file);
  return text === undefined ? undefined : parseManifest(text, file);
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function parseManifest(text: string, file: string): StaticPaths {
  let stored: { readonly version?: unknown; readonly paths?: StaticPaths };
  try {
    stored = JSON.parse(text);
  } catch (cause) {
    throw new Error(`"${file}" is no manifest: run collectstatic`, { cause });
  }
  if (stored.version !== VERSION || stored.paths === undefined) {
    throw new Error(`"${file}" is no manifest of version ${VERSION}: run collectstatic`);
  }
  return stored.paths;
}

/**
 * What `{% static 'site.css' %}` writes: the address below `staticUrl`, of the hashed name where
 * there is a manifest. Then a name that it lacks is an error, as in Django: the file was not
 * collected, and a server that has only collected files would answer 404. A query or fragment
 * (`icons.svg#heart`) stays, and a folder (`img/`) has no hash.
 */
export function staticAddresses(
  staticUrl: string,
  paths: StaticPaths | undefined,
): (name: string) => string {
  return (written) => {
    const [, name = '', rest = ''] = /^([^?#]*)(.*)$/s.exec(written) ?? [];
    return staticUrl + encodePath(storedName(name, paths)) + rest;
  };
}

function storedName(name: string, paths: StaticPaths | undefined): string {
  if (paths === undefined || name === '' || name.endsWith('/')) return name;
  if (!Object.hasOwn(paths, name)) {
    throw new Error(`the manifest of the static files has no "${name}": run collectstatic`);
  }
  return paths[name]!;
}
