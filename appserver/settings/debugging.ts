/** Gunicorn's section "Debugging". */
import { checkBoolean } from './checks.ts';
import { setting } from './setting.ts';

export const debugging = [
  setting({
    name: 'check_config',
    section: 'Debugging',
    cli: ['--check-config'],
    kind: 'flag',
    default: false,
    check: checkBoolean,
    doc: `Check the configuration and exit.

Loads the application too. The status is 0 where both are right, else 1.`,
  }),
  setting({
    name: 'print_config',
    section: 'Debugging',
    cli: ['--print-config'],
    kind: 'flag',
    default: false,
    check: checkBoolean,
    doc: `Print the configuration settings as fully resolved. Implies \`check_config\`.`,
  }),
] as const;
