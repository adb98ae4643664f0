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

Relative paths of other settings stand against it.`,
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

A list of \`KEY=VALUE\`; may be given several times.`,
  }),
  setting({
    name: 'pidfile',
    section: 'Server Mechanics',
    cli: ['-p', '--pid'],
    meta: 'FILE',
    default: null as string | null,
    check: checkString,
    doc: `A filename to use for the PID file.

A file that names a live process is refused. Without the setting no file is written.`,
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

It decides the permissions of the Unix socket too: 0 lets every user of the machine connect, 0o117
only the owner and the group.`,
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
    doc: `Request fields, and the value of each, by which a trusted front says that its client came over TLS.

They count only where the peer is listed in \`forwarded_allow_ips\` or came over a Unix socket. Fields
that contradict each other are answered with 400.`,
  }),
  setting({
    name: 'forwarded_allow_ips',
    section: 'Server Mechanics',
    cli: ['--forwarded-allow-ips'],
    meta: 'STRING',
    default: ['127.0.0.1', '::1'] as readonly string[],
    environment: { variable: 'FORWARDED_ALLOW_IPS', read: (list) => list },
    check: checkStringToList,
    doc: `Front-end's IPs from which allowed to handle set secure headers.

Addresses and networks with commas between, or \`*\` for every peer. Peers on a Unix socket are always
trusted. A trusted peer's X-Forwarded-For gives the client's address too.`,
  }),
] as const;
