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

If the variable \`WEB_CONCURRENCY\` is set, it is the default. TTIN and TTOU change the number at run time.`,
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

The threads run JavaScript in parallel. Each accepts connections itself and loads its own copy of the
application, so they do not share module state.`,
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

It applies to each worker process and includes idle keep-alive connections; the process's threads share it
evenly. Further clients wait in the backlog until one leaves or another worker accepts them. 0 means no
limit.`,
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

This limits the harm of a memory leak. The replacement is ready before the old worker stops accepting. If it
does not get ready, the old worker continues and another replacement is tried later. 0 means no limit.`,
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

Each worker adds a random number from 0 to this value, so that they do not all restart at once.`,
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

A worker is silent while the JavaScript in one of its threads does not return to the event loop, for example
in an endless loop. A request that is merely waiting is never killed. The log names the function and the line
that hang, below \`WORKER TIMEOUT\`; if the thread is inside a native call, it cannot. With several threads,
only the thread that hangs is ended, and a new worker takes over from the others.

A starting worker has this long, but at least 30 seconds, to begin accepting. If it does not, the log says
whether loading the application or its \`startup()\` took too long, and a new worker is tried; during a reload
the old workers continue.

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

After a signal to stop or reload, workers have this long to finish their requests before they are killed.`,
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

A front that keeps connections open must close them sooner than this. 0 closes after each response.`,
  }),
] as const;
