/** Gunicorn's section "Worker Processes". */
import { checkPositiveInteger } from './checks.ts';
import { setting } from './setting.ts';

export const workerProcesses = [
  setting({
    name: 'workers',
    section: 'Worker Processes',
    cli: ['-w', '--workers'],
    kind: 'int',
    meta: 'INT',
    default: 1,
    environment: { variable: 'WEB_CONCURRENCY', read: (count) => count },
    unit: 'processes',
    check: checkPositiveInteger,
    doc: `The number of worker processes for handling requests.

Where the variable \`WEB_CONCURRENCY\` is set, it is the default. TTIN and TTOU change it while running.`,
  }),
  setting({
    name: 'threads',
    section: 'Worker Processes',
    cli: ['--threads'],
    kind: 'int',
    meta: 'INT',
    default: 1,
    unit: 'threads',
    check: checkPositiveInteger,
    doc: `The number of threads of each worker process.

Each thread runs JavaScript in parallel, accepts connections itself and loads its own copy of the
application: module state is not shared between them.`,
  }),
  setting({
    name: 'worker_connections',
    section: 'Worker Processes',
    cli: ['--worker-connections'],
    kind: 'int',
    meta: 'INT',
    default: 1000,
    unit: 'connections',
    check: checkPositiveInteger,
    doc: `The maximum number of simultaneous clients.

Of one worker process, idle keep-alive connections included; its threads share the number evenly.
Further clients wait in the backlog until one leaves, or another worker takes them. 0 is no limit.`,
  }),
  setting({
    name: 'max_requests',
    section: 'Worker Processes',
    cli: ['--max-requests'],
    kind: 'int',
    meta: 'INT',
    default: 0,
    unit: 'requests',
    check: checkPositiveInteger,
    doc: `The maximum number of requests a worker will process before restarting.

Limits the harm of a memory leak. The replacement is ready before the old worker stops accepting; where
none gets ready, the old one goes on and another is tried later. 0 is no limit.`,
  }),
  setting({
    name: 'max_requests_jitter',
    section: 'Worker Processes',
    cli: ['--max-requests-jitter'],
    kind: 'int',
    meta: 'INT',
    default: 0,
    unit: 'requests',
    check: checkPositiveInteger,
    doc: `The maximum jitter to add to the max_requests setting.

Each worker draws a number from 0 to this, so that they do not all restart at once.`,
  }),
  setting({
    name: 'timeout',
    section: 'Worker Processes',
    cli: ['-t', '--timeout'],
    kind: 'int',
    meta: 'INT',
    default: 30,
    unit: 'seconds',
    check: checkPositiveInteger,
    doc: `Workers silent for more than this many seconds are killed and restarted.

A worker is silent while JavaScript of one of its threads runs without returning to the event loop,
an endless loop for example. A request that waits is never killed. The log names the function and the
line where it hangs, below \`WORKER TIMEOUT\`; inside a native call there is no such line. With several
threads the one that hangs ends alone, and a new worker takes over from its siblings.

A worker that starts has this long, and 30 seconds at least, until it accepts; the log says whether
loading the application or its \`startup()\` took longer. It is tried again; during a reload the old
workers go on.

The watchdog of a worker with one thread costs 11 MB of memory. 0 turns all of this off.`,
  }),
  setting({
    name: 'graceful_timeout',
    section: 'Worker Processes',
    cli: ['--graceful-timeout'],
    kind: 'int',
    meta: 'INT',
    default: 30,
    unit: 'seconds',
    check: checkPositiveInteger,
    doc: `Timeout for graceful workers restart.

After a signal to stop or reload, workers have this long to finish their requests; then they are killed.`,
  }),
  setting({
    name: 'keepalive',
    section: 'Worker Processes',
    cli: ['--keep-alive'],
    kind: 'int',
    meta: 'INT',
    default: 2,
    unit: 'seconds',
    check: checkPositiveInteger,
    doc: `The number of seconds to wait for requests on a Keep-Alive connection.

A front that keeps connections open must give them up earlier than this. 0 closes after each response.`,
  }),
] as const;
