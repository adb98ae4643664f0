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

It loads the application too. The exit status is 0 if both are valid, otherwise 1.`,
  }),
  setting({
    name: 'validate',
    section: 'Debugging',
    cli: ['--validate'],
    kind: 'flag',
    default: false,
    check: checkBoolean,
    doc: `Test the application against the gateway interface and exit. (Tandem's own, not Gunicorn's.)

It starts the application in a worker as the pool does, on a Unix socket of its own, and sends it a few
requests (GET, HEAD, an unknown path, an unusual method, a client that disconnects, ...). Then it prints which
rules hold and what to fix. The exit status is 0 if there is nothing to fix, otherwise 1.
[gateway-interface.md](gateway-interface.md) has the rules. The requests are real: \`GET /\` and paths that do
not exist.`,
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
