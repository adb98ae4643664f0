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

May be given several times. A host name is resolved once, at startup. If the variable \`PORT\` is set, the
default is \`0.0.0.0:$PORT\`. A socket file that no live process uses is replaced; one in use is refused.`,
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

Clients whose connections have not been accepted yet wait here. The kernel limits the number to its
somaxconn. While no worker is alive, clients wait here for the next one.`,
  }),
] as const;
