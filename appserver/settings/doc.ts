/** docs/settings.md, from the settings tables. */
import { quoteValue } from './checks.ts';
import { MISSING_SETTINGS } from './not-yet.ts';
import type { Setting } from './setting.ts';
import { SETTINGS } from './table.ts';

const INTRODUCTION = `# Settings of the application server

Generated from \`appserver/settings/\` by \`npm run docs\`.

A setting has the same name everywhere. Its value can come from these places, each overriding the ones
before: the setting's own environment variable, if it has one; the configuration file; the arguments in
\`TANDEM_APPSERVER_CMD_ARGS\`; the command line. The \`.env\` file in the working directory is loaded first.

\`\`\`ts
// appserver.config.ts
import { availableParallelism } from 'node:os';

export const bind = 'unix:run/app.sock';
export const workers = availableParallelism();
export const accesslog = '-';
\`\`\`
`;

function renderSetting(row: Setting): string {
  const facts: string[] = [];
  if (row.cli) {
    const argument = row.kind === 'flag' ? '' : ` ${row.meta ?? 'VALUE'}`;
    facts.push(`- Command line: ${row.cli.map((name) => `\`${name}${argument}\``).join(', ')}`);
  } else {
    facts.push('- Configuration file only');
  }
  const unit = row.unit === undefined ? '' : ` (${row.unit})`;
  const shown = Array.isArray(row.default) || typeof row.default === 'object';
  const value =
    shown && row.default !== null ? JSON.stringify(row.default) : quoteValue(row.default);
  facts.push(`- Default: \`${value === 'None' ? 'not set' : value}\`${unit}`);
  if (row.environment) facts.push(`- Environment: \`${row.environment.variable}\``);
  return `### ${row.name}\n\n${facts.join('\n')}\n\n${row.doc}\n`;
}

/** The page, whole. The same tables always give the same text. */
export function renderSettingsDoc(): string {
  const parts = [INTRODUCTION];
  let section = '';
  for (const row of SETTINGS) {
    if (row.section !== section) {
      section = row.section;
      parts.push(`## ${section}\n`);
    }
    parts.push(renderSetting(row));
  }
  const names = MISSING_SETTINGS.map((row) => `\`${row.name}\``).join(', ');
  parts.push(
    `## Not there\n\nThese Gunicorn settings are not supported. They are refused by name, on the command line and in the file: ${names}.\n`,
  );
  return parts.join('\n');
}
