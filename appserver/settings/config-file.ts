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
    doc: `The configuration file: a module whose exports are named like the settings.

A string of the form \`PATH\` or \`file:PATH\`. Without it, \`appserver.config.ts\`, \`.js\` or \`.mjs\` in the
working directory is read if it exists. The file is read at startup and again on every HUP. If the default
export is a plain object, its keys are settings too.`,
  }),
  setting({
    name: 'wsgi_app',
    section: 'Config File',
    meta: 'STRING',
    default: null as string | null,
    check: checkString,
    doc: `The application, as \`MODULE:EXPORT\` or \`MODULE:FACTORY("literal", 1)\`, if the command line names none.

The name is Gunicorn's. MODULE is a path, with or without its extension, or a package.`,
  }),
] as const;
