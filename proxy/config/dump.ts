/** What `-T` prints: every file of the configuration, in the order it was read. */

import type { Load } from './directive.ts';

/**
 * The text nginx prints after `-T`, latin1: a line with the name, the file as it is, an empty line.
 * A file included several times stands once.
 */
export function dumpText(load: Load): string {
  let text = '';
  for (const [name, content] of load.files) {
    text += `# configuration file ${name}:\n${content}\n`;
  }
  return text;
}
