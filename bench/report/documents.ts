/** The documents that a whole run writes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../peers/programs.ts';
import { markdownReport } from './markdown.ts';
import { plot } from './plot.ts';
import type { Results } from './results.ts';
import { summarize } from './summary.ts';

/** Texts of the documents by path within the project. */
export function documentsFor(results: Results): ReadonlyMap<string, string> {
  const summaries = summarize(results);
  return new Map([
    ['docs/benchmarks.md', markdownReport(results, summaries)],
    ['docs/benchmarks.svg', plot(summaries)],
  ]);
}

/** Writes the documents and gives their paths within the project. */
export function writeDocuments(results: Results): string[] {
  const documents = documentsFor(results);
  for (const [path, text] of documents) writeFileSync(join(PROJECT, path), text);
  return [...documents.keys()];
}
