/** The results of all questions as one CSV file. */

import { type Cell, type CsvFormat, csvFile } from '../framework/csv.ts';
import type { Database } from '../framework/database.ts';
import { sendFile } from '../framework/downloads.ts';
import {
  queryFlag,
  queryInteger,
  queryIntegers,
  queryOneOf,
  queryText,
} from '../framework/query.ts';
import type { View } from '../framework/views.ts';
import { type ExportChoice, type ExportLine, exportLines } from './models.ts';

const COLUMNS = ['question_id', 'question', 'published', 'choice_id', 'choice', 'votes'] as const;
const DELIMITERS = { comma: ',', semicolon: ';', tab: '\t' } as const;
const IDS = { least: 1, most: Number.MAX_SAFE_INTEGER };

/**
 * All questions with their choices and votes, one line for each choice. The query may choose:
 * `question=3&question=4`, `search=tea`, `limit=100` lines at most, `delimiter=semicolon`, and `bom`
 * for Excel.
 */
export const exportCsv: View<unknown> = {
  get(c) {
    const choice = {
      questionIds: queryIntegers(c, 'question', IDS, 100),
      search: queryText(c, 'search', 200),
    };
    const limit = queryInteger(c, 'limit', IDS, Number.POSITIVE_INFINITY);
    const format = {
      delimiter: DELIMITERS[queryOneOf(c, 'delimiter', ['comma', 'semicolon', 'tab'])],
      byteOrderMark: queryFlag(c, 'bom'),
    };
    const file = resultsFile(c.var.site.database, choice, format, limit);
    const type = 'text/csv; charset=utf-8; header=present';
    return sendFile(c, fileNameAt(new Date()), type, file);
  },
};

/** The pieces of the CSV file of `choice`, at most `limit` lines after that of the column names. */
export function resultsFile(
  database: Database,
  choice: ExportChoice,
  format: CsvFormat,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  return csvFile(COLUMNS, rowsOf(exportLines(database, choice), limit), format);
}

/** "polls-2026-01-31.csv". */
export function fileNameAt(now: Date): string {
  return `polls-${now.toISOString().slice(0, 10)}.csv`;
}

async function* rowsOf(pages: AsyncIterable<readonly ExportLine[]>, limit: number) {
  let rest = limit;
  for await (const lines of pages) {
    yield lines.slice(0, rest).map(rowOf);
    rest -= lines.length;
    if (rest <= 0) return;
  }
}

function rowOf(line: ExportLine): readonly Cell[] {
  const { question_id, question_text, pub_date, choice_id, choice_text, votes } = line;
  return [question_id, question_text, pub_date, choice_id, choice_text, votes];
}
