/** Where this package's own files stand, wherever the build has put this module. */
import { findPackageJSON } from 'node:module';
import { pathToFileURL } from 'node:url';

const PACKAGE = pathToFileURL(findPackageJSON(import.meta.url) ?? '/');

/** The folder of the launchers. */
export const BIN = new URL('bin/', PACKAGE);

/** What is loaded into a tier first. */
export const LIFELINE = new URL(
  import.meta.url.endsWith('.ts') ? 'cli/lifeline.ts' : 'dist/cli/lifeline.js',
  PACKAGE,
);
