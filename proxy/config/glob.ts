/**
 * File names for a pattern, as POSIX glob(3) gives them to nginx's include: `*`, `?`, `[a-z]`,
 * `[!a]` and `\x`, none of which matches a slash or a leading dot; sorted by bytes.
 */

import { existsSync, readdirSync } from 'node:fs';
import { nameBytes } from './paths.ts';

/** Whether an include needs `glob` (nginx: strpbrk(name, "*?[")). */
export function isPattern(name: string): boolean {
  return /[*?[]/.test(name);
}

/** Full names of what matches an absolute pattern, sorted; empty where nothing does. */
export function glob(pattern: string): string[] {
  let found = [''];
  for (const part of pattern.split('/').slice(1)) {
    const next: string[] = [];
    for (const folder of found) {
      for (const name of namesIn(folder, part)) next.push(`${folder}/${name}`);
    }
    found = next;
  }
  return found;
}

/** The names in `folder` that match one part of a pattern; folders that cannot be read have none. */
function namesIn(folder: string, part: string): string[] {
  if (!isPattern(part)) {
    const name = part.replace(/\\(.)/g, '$1');
    return existsSync(nameBytes(`${folder}/${name}`)) ? [name] : [];
  }
  const matcher = new RegExp(`^${toRegex(part)}$`, 's');
  let names: string[];
  try {
    names = readdirSync(nameBytes(`${folder}/`), { encoding: 'latin1' });
  } catch {
    return []; // glob(3) without GLOB_ERR skips what it cannot read
  }
  const wantsDot = part.startsWith('.') || part.startsWith('\\.');
  return names.filter((name) => (wantsDot || !name.startsWith('.')) && matcher.test(name)).sort();
}

function toRegex(part: string): string {
  return part.replace(
    /\\(.)|\[([!^]?)(\]?[^\]]*)\]|([*?])|([^\w])/gs,
    (whole, escaped?: string, not?: string, set?: string, wild?: string) => {
      if (escaped !== undefined) return literal(escaped);
      if (set !== undefined) return `[${not ? '^' : ''}${set.replace(/[\\\]^[]/g, '\\$&')}]`;
      if (wild !== undefined) return wild === '*' ? '.*' : '.';
      return literal(whole);
    },
  );
}

function literal(text: string): string {
  return text.replace(
    /[^\w]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
