/** The text of `--help`, from the settings table. */
import { showValue } from './checks.ts';
import type { Setting } from './setting.ts';
import { SETTINGS } from './table.ts';

export const USAGE = 'usage: tandem-appserver [OPTIONS] [APP_MODULE]';

const COLUMN = 24;
const WIDTH = 80;

/** First sentence of a setting's text. */
export function summaryOf(row: Setting): string {
  return row.doc.split('\n', 1)[0]!.replaceAll('`', '');
}

function entry(options: string, text: string): string {
  const lines = wrap(text, WIDTH - COLUMN);
  const first =
    options.length > COLUMN - 4
      ? `  ${options}\n${' '.repeat(COLUMN)}`
      : `  ${options}`.padEnd(COLUMN);
  return first + lines.join(`\n${' '.repeat(COLUMN)}`);
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines;
}

/** What `tandem-appserver --help` prints. */
export function renderHelp(): string {
  const lines = [
    USAGE,
    '',
    'APP_MODULE is MODULE:EXPORT, such as app/server:application.',
    '',
    'options:',
    entry('-h, --help', 'show this help message and exit'),
    entry('-v, --version', "show program's version number and exit"),
  ];
  for (const row of SETTINGS) {
    if (!row.cli) continue;
    const spelled = row.cli.map((option) =>
      row.kind === 'flag' ? option : `${option} ${row.meta ?? 'VALUE'}`,
    );
    lines.push(entry(spelled.join(', '), `${summaryOf(row)} [${showValue(row.default)}]`));
  }
  return `${lines.join('\n')}\n`;
}
