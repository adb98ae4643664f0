/** Gunicorn's section "Server Socket". */
import { checkListOfStrings, checkPositiveInteger } from './checks.ts';
import { setting } from './setting.ts';

export const serverSocket = [
  setting({
    name: 'bind',
    section: 'Server Socket',
    cli: ['-b', '--bind'],
    kind: 'append',
    meta: 'ADDRESS',
    default: ['127.0.0.1:8000'] as readonly string[],
    environment: { variable: 'PORT', read: (port) => [`0.0.0.0:${port}`] },
    check: checkListOfStrings,
    doc: `The socket to bind: \`HOST\`, \`HOST:PORT\`, \`unix:PATH\` or \`fd://FD\`.

May be given several times. A name is resolved once, at the start. Where the variable \`PORT\` is set,
the default is \`0.0.0.0:$PORT\`. A stale socket file is probed and replaced; a live one is refused.`,
  }),
  setting({
    name: 'backlog',
    section: 'Server Socket',
    cli: ['--backlog'],
    kind: 'int',
    meta: 'INT',
    default: 2048,
    unit: 'connections',
    check: checkPositiveInteger,
    doc: `The maximum number of pending connections.

Clients that connected and were not accepted yet wait here; the kernel clips it to its somaxconn.
While no worker lives, they wait here too, and are answered by the next one.`,
  }),
] as const;
