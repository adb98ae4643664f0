/** `npm run docs`: writes the pages that are made from the tables in the sources. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderSettingsDoc } from '../appserver/settings/doc.ts';
import { renderDirectivesDoc } from './directives.ts';

/** Text of each generated page, by its name in docs/. */
export function generatedPages(): ReadonlyMap<string, string> {
  return new Map([
    ['directives.md', renderDirectivesDoc()],
    ['settings.md', renderSettingsDoc()],
  ]);
}

if (import.meta.main) {
  for (const [name, text] of generatedPages()) writeFileSync(join(import.meta.dirname, name), text);
}
