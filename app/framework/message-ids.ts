/** Which texts of templates and code want a translation, and what a catalogue lacks. */

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalogue, Language } from './i18n.ts';

const QUOTED = `(?:'([^']*)'|"([^"]*)")`;

/** Where a message id stands: a tag, a filter on a text, a call of `message` in code. */
const PLACES: readonly RegExp[] = [
  new RegExp(String.raw`\{%-?\s*translate\s+${QUOTED}`, 'g'),
  new RegExp(String.raw`${QUOTED}\s*\|\s*translate\b`, 'g'),
  new RegExp(String.raw`\bmessage\(\s*${QUOTED}`, 'g'),
];
const COUNTED_PLACES: readonly RegExp[] = [
  new RegExp(String.raw`\|\s*pluralize:\s*${QUOTED}`, 'g'),
  new RegExp(String.raw`${QUOTED}\s*\|\s*plural_forms\b`, 'g'),
];

/** The message ids of a site; those in `counted` have plural forms. */
export interface MessageIds {
  readonly plain: ReadonlySet<string>;
  readonly counted: ReadonlySet<string>;
}

/** Reads every template and source file below `folders`, tests apart. */
export function findMessageIds(folders: readonly string[]): MessageIds {
  const plain = new Set<string>();
  const counted = new Set<string>();
  for (const text of folders.flatMap(readSources)) {
    for (const place of PLACES) for (const id of idsAt(place, text)) plain.add(id);
    for (const place of COUNTED_PLACES) {
      for (const noun of idsAt(place, text)) counted.add(`{count} ${noun}`);
    }
  }
  return { plain, counted };
}

function readSources(folder: string): string[] {
  return globSync('**/*.{html,ts}', { cwd: folder })
    .filter((file) => !file.endsWith('.test.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8'));
}

function idsAt(place: RegExp, text: string): string[] {
  return [...text.matchAll(place)].map(([, single, double]) => single ?? double ?? '');
}

/** What is wrong with the catalogue of `language`; empty where every message has its translation. */
export function catalogueProblems(
  { plain, counted }: MessageIds,
  language: Language,
  catalogue: Catalogue,
): string[] {
  const { code } = language;
  const problems: string[] = [];
  for (const id of plain) {
    const text = catalogue[id];
    if (typeof text !== 'string') problems.push(`${code}: no translation for "${id}"`);
    else if (namesIn(text) !== namesIn(id))
      problems.push(`${code}: not the same {names} as in "${id}"`);
  }
  const categories = new Intl.PluralRules(language.locale).resolvedOptions().pluralCategories;
  for (const id of counted) {
    const forms = catalogue[id];
    for (const category of categories) {
      if (typeof forms === 'object' && forms[category] !== undefined) continue;
      problems.push(`${code}: no form "${category}" for "${id}"`);
    }
  }
  for (const id of Object.keys(catalogue)) {
    if (!plain.has(id) && !counted.has(id)) problems.push(`${code}: "${id}" is not used anywhere`);
  }
  return problems;
}

function namesIn(text: string): string {
  return (text.match(/\{\w+\}/g) ?? []).sort().join();
}
