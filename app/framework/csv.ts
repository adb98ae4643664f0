/** Tables as CSV (RFC 4180), for spreadsheets. */

/** What a cell can be. Nothing at all is an empty cell. */
export type Cell = string | number | null;

/** How a file is written. */
export interface CsvFormat {
  /** Between cells: a comma in the RFC, a semicolon where the comma is part of numbers. */
  readonly delimiter: ',' | ';' | '\t';
  /** Begins with the bytes EF BB BF, without which Excel does not read UTF-8. */
  readonly byteOrderMark: boolean;
}

/** `columns` and `pages` of rows as the bytes of a file, one piece for each page. */
export async function* csvFile(
  columns: readonly string[],
  pages: AsyncIterable<readonly (readonly Cell[])[]>,
  format: CsvFormat,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  const mark = format.byteOrderMark ? '\ufeff' : '';
  yield encoder.encode(mark + csvRow(columns, format));
  for await (const rows of pages) {
    yield encoder.encode(rows.map((row) => csvRow(row, format)).join(''));
  }
}

/** One row with its line end, which is CR LF. */
export function csvRow(
  cells: readonly Cell[],
  { delimiter }: Pick<CsvFormat, 'delimiter'>,
): string {
  return `${cells.map((cell) => csvCell(cell, delimiter)).join(delimiter)}\r\n`;
}

function csvCell(cell: Cell, delimiter: string): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const text = harmless(cell);
  const isPlain = !/["\r\n]|^\s|\s$/.test(text) && !text.includes(delimiter);
  return isPlain ? text : `"${text.replaceAll('"', '""')}"`;
}

/**
 * Spreadsheets run a text that begins like a formula, quoted or not. An apostrophe before it makes it
 * a text; whoever reads the file with a program finds it there.
 */
function harmless(text: string): string {
  return /^[\s\0]*[=+\-@|\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(text) ? `'${text}` : text;
}
