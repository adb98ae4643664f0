/** Gunicorn's section "Config File". */
import { checkString } from './checks.ts';
import { setting } from './setting.ts';

export const configFile = [
  setting({
    name: 'config',
    section: 'Config File',
    cli: ['-c', '--config'],
    meta: 'CONFIG',
    default: './appserver.config.ts' as string | null,
    check: checkString,
    doc: `The configuration file, a module whose exports are settings by their names.

A string of the form \`PATH\` or \`file:PATH\`. Without it, \`appserver.config.ts\`, \`.js\` or \`.mjs\` of the
working directory is read where there is one. The file is read at the start and again on every HUP.
A default export that is a plain object gives settings by its keys.`,
  }),
  setting({
    name: 'wsgi_app',
    section: 'Config File',
    meta: 'STRING',
    default: null as string | null,
    check: checkString,
    doc: `The application, as \`MODULE:EXPORT\` or \`MODULE:FACTORY("literal", 1)\`, where the command line names none.

The name is Gunicorn's. MODULE is a path without or with its extension, or a package.`,
  }),
] as const;
