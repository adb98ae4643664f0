/** Gunicorn's section "Process Naming". */
import { checkString } from './checks.ts';
import { setting } from './setting.ts';

export const processNaming = [
  setting({
    name: 'proc_name',
    section: 'Process Naming',
    cli: ['-n', '--name'],
    meta: 'STRING',
    default: null as string | null,
    check: checkString,
    doc: `A base to use for process naming.

\`ps\` and \`top\` show it as \`tandem-appserver: master [NAME]\`. The default is the application's name.`,
  }),
] as const;
