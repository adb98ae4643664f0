/** Check of the translations: that no catalogue lacks a message. */

import { type Language, readCatalogue } from '../i18n.ts';
import { catalogueProblems, findMessageIds } from '../message-ids.ts';
import type { Issue } from './check.ts';

/**
 * Holds the catalogue of each language but the first, whose texts are the message ids themselves,
 * against the sources below `sourceFolders`. What a catalogue lacks is shown in the first language:
 * a warning.
 */
export async function checkCatalogues(
  languages: readonly Language[],
  localeFolder: string,
  sourceFolders: readonly string[],
): Promise<readonly Issue[]> {
  const ids = findMessageIds(sourceFolders);
  return languages
    .slice(1)
    .flatMap((language) =>
      catalogueProblems(ids, language, readCatalogue(localeFolder, language)).map(
        (message) => ({ level: 'WARNING', id: 'catalogues.W001', message }) as const,
      ),
    );
}
