/** Name and version of this program, from the package it came in. */
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

function readVersion(): string {
  const path = findPackageJSON(import.meta.url);
  const description: unknown = path === undefined ? {} : JSON.parse(readFileSync(path, 'utf8'));
  if (typeof description !== 'object' || description === null) return '0';
  return 'version' in description ? String(description.version) : '0';
}

/** The version alone, as `$nginx_version` has it. */
export const VERSION = readVersion();
/** What Server and error pages call us, by `server_tokens`. */
export const SERVER_SHORT = 'tandem';
export const SERVER_FULL = `${SERVER_SHORT}/${VERSION}`;
