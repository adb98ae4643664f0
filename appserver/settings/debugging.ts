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
    name: 'validate',
    section: 'Debugging',
    cli: ['--validate'],
    kind: 'flag',
    default: false,
    check: checkBoolean,
    doc: `Hold the application against the gateway interface and exit. (Tandem's own, not Gunicorn's.)

Starts it in a worker as the pool does, on a Unix socket of its own, sends it a few requests (GET,
HEAD, an unknown path, an unusual method, a client that leaves, ...) and prints what holds and what to
mend. The status is 0 where nothing is, else 1. [gateway-interface.md](gateway-interface.md) has the
rules. The requests are real ones: \`GET /\` and paths that do not exist.`,
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
