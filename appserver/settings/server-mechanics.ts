/** Gunicorn's section "Server Mechanics". */
import {
  checkEnvironment,
  checkFolder,
  checkPositiveInteger,
  checkString,
  checkStringToList,
  checkTable,
} from './checks.ts';
import { setting } from './setting.ts';

export const serverMechanics = [
  setting({
    name: 'chdir',
    section: 'Server Mechanics',
    cli: ['--chdir'],
    meta: 'CHDIR',
    default: '.',
    check: checkFolder,
    doc: `Change directory to specified directory before loading apps.

Relative paths in other settings are resolved against it.`,
  }),
  setting({
    name: 'raw_env',
    section: 'Server Mechanics',
    cli: ['-e', '--env'],
    kind: 'append',
    meta: 'ENV',
    default: [] as readonly string[],
    check: checkEnvironment,
    doc: `Set environment variables in the execution environment.

A list of \`KEY=VALUE\`. The option may be given several times.`,
  }),
  setting({
    name: 'pidfile',
    section: 'Server Mechanics',
    cli: ['-p', '--pid'],
    meta: 'FILE',
    default: null as string | null,
    check: checkString,
    doc: `A filename to use for the PID file.

If the file names a live process, the start is refused. Without this setting no file is written.`,
  }),
  setting({
    name: 'umask',
    section: 'Server Mechanics',
    cli: ['-m', '--umask'],
    kind: 'auto_int',
    meta: 'INT',
    default: 0,
    unit: 'permission bits',
    check: checkPositiveInteger,
    doc: `A bit mask for the file mode on files written by the pool.

It also determines the permissions of the Unix socket: with 0 every user of the machine can connect, with
0o117 only the owner and the group.`,
  }),
  setting({
    name: 'secure_scheme_headers',
    section: 'Server Mechanics',
    default: {
      'X-FORWARDED-PROTOCOL': 'ssl',
      'X-FORWARDED-PROTO': 'https',
      'X-FORWARDED-SSL': 'on',
    } as Readonly<Record<string, string>>,
    check: checkTable,
    doc: `Request fields, and their values, that a trusted front sends if its client used TLS.

They count only if the peer is listed in \`forwarded_allow_ips\` or connects over a Unix socket. A request
whose fields contradict each other gets 400.`,
  }),
  setting({
    name: 'forwarded_allow_ips',
    section: 'Server Mechanics',
    cli: ['--forwarded-allow-ips'],
    meta: 'STRING',
    default: ['127.0.0.1', '::1'] as readonly string[],
    environment: { variable: 'FORWARDED_ALLOW_IPS', read: (list) => list },
    check: checkStringToList,
    doc: `Addresses of fronts whose X-Forwarded fields are trusted.

Addresses and networks, separated by commas, or \`*\` for every peer. Peers on a Unix socket are always
trusted. The fields are those of \`secure_scheme_headers\`, and X-Forwarded-For for the client's address.`,
  }),
] as const;
