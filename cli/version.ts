/** Version of this program, from the package it came in. */
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

/** `0.1.0`. */
export function readVersion(): string {
  const path = findPackageJSON(import.meta.url);
  const description: unknown = path === undefined ? {} : JSON.parse(readFileSync(path, 'utf8'));
  if (typeof description !== 'object' || description === null) return '0';
  return 'version' in description ? String(description.version) : '0';
}
