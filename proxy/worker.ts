/**
 * One thread of the proxy: compiles the configuration it was given, listens on its copies of the
 * sockets and serves until it is told to drain.
 */
import { threadId } from 'node:worker_threads';
import { Accounts } from '../http1/accounts.ts';
import { threadClock } from '../http1/clock.ts';
import { reportFaultsTo } from '../http1/fault.ts';
import { listen } from '../http1/listener.ts';
import { type ServerOptions, serverOptions } from '../http1/options.ts';
import { connectionPlaces } from '../prefork/rlimit.ts';
import { listenerKey } from '../prefork/sockets.ts';
import type { RunningThread, ThreadContext } from '../prefork/types.ts';
import { nginxHeadLimits } from '../wire/head-limits.ts';
import { type CycleSource, loadCycle } from './cycle.ts';
import type { Address } from './http/addresses.ts';
import { connectionTimes, type HttpRuntime } from './http/compile.ts';
import type { CoreConf } from './http/core-conf.ts';
import { RequestEntry } from './http/entry.ts';
import { describeFault } from './http/fault.ts';
import type { Thread } from './http/request.ts';
import { ALERT, CRIT, errorLine } from './log/error-log.ts';
import { listenerSpecs, SHARED_CONNECTIONS } from './sockets.ts';

/** How long an idle connection may still bring a request after a reload; see docs/differences.md. */
const DRAIN_QUIET_MS = 1000;

/** What prefork runs in each thread; `context.data` is a CycleSource. */
export function startThread(context: ThreadContext): RunningThread {
  const cycle = loadCycle(context.data as CycleSource);
  const { http } = cycle;
  http?.load.logs.openAll();
  http?.load.zones.attach(context.shared, context);
  const counts = context.shared[SHARED_CONNECTIONS];
  const accounts = new Accounts({
    connectionLimit: cycle.main.worker_connections,
    balance:
      counts === undefined || context.threadCount < 2
        ? undefined
        : { counts: new Int32Array(counts), index: context.threadIndex },
  });
  const thread: Thread = {
    pid: process.pid,
    index: threadId,
    place: context.threadIndex,
    threads: context.threadCount,
    clock: threadClock,
  };
  return {
    async accept() {
      if (http === undefined) return;
      await acceptAll(context, http, accounts, thread);
      serveOn(thread, http);
    },
    async drain() {
      await accounts.drain(DRAIN_QUIET_MS);
      http?.load.logs.flush();
    },
    async quit() {
      await accounts.close();
      http?.load.logs.flush();
    },
    reopenLogs: () => http?.load.logs.reopen((path, error) => complain(thread, path, error)),
  };
}

/**
 * The last net: what is thrown where nothing knows whose it is costs a line of the log, not the
 * requests of everybody else. A rejection that nobody awaits comes here too.
 */
function serveOn(thread: Thread, http: HttpRuntime): void {
  const log = http.addresses[0]?.names.defaultServer.root.errorLog;
  const report = (error: unknown): void => {
    const place = { pid: thread.pid, thread: thread.index };
    const line = errorLine(ALERT, place, 0, `exception ${describeFault(error)}`);
    if (log === undefined) process.stderr.write(line);
    else log.write(ALERT, line);
  };
  reportFaultsTo(report);
  process.on('uncaughtException', report);
}

async function acceptAll(
  context: ThreadContext,
  http: HttpRuntime,
  accounts: Accounts,
  thread: Thread,
): Promise<void> {
  const places = connectionPlaces(context.threadCount);
  if (places !== undefined) accounts.limitTo(places, () => sayFull(http, thread));
  const byKey = new Map(
    context.listeners.map((listener) => [listenerKey(listener.spec), listener]),
  );
  for (const address of http.addresses) {
    const [spec] = listenerSpecs([address]);
    const listener = byKey.get(listenerKey(spec!));
    if (listener === undefined) throw new Error(`no socket for ${address.listen.text}`);
    const options = { accounts, server: optionsFor(address), path: address.listen.path };
    await listen(
      { fd: listener.fd },
      listener.spec.backlog,
      options,
      new RequestEntry(address, thread),
    );
  }
}

/** nginx `ngx_event_accept`; it has met the limit then, and we stay below it. */
function sayFull(http: HttpRuntime, thread: Thread): void {
  const errorLog = http.addresses[0]?.names.defaultServer.root.errorLog;
  const text = 'accept4() failed (24: Too many open files)';
  if (errorLog === undefined || errorLog.level < CRIT) return;
  errorLog.write(CRIT, errorLine(CRIT, { pid: thread.pid, thread: thread.index }, 0, text));
}

/** What holds before the virtual server is known: the default server's settings, as in nginx. */
function optionsFor(address: Address): ServerOptions {
  const conf: CoreConf = address.names.defaultServer.root.core;
  const { number, size } = conf.large_client_header_buffers;
  // nginx reads a head into the one buffer first, which may be larger than the large ones.
  const line = Math.max(size, conf.client_header_buffer_size);
  return serverOptions({
    headLimits: {
      ...nginxHeadLimits(number, size, conf.max_headers),
      startLineBytes: line,
      fieldLineBytes: line,
      totalBytes: number * size + conf.client_header_buffer_size,
      // An underscore is one of the characters that make a name invalid.
      underscores: conf.underscores_in_headers || !conf.ignore_invalid_headers ? 'keep' : 'drop',
      punctuation: conf.ignore_invalid_headers ? 'drop' : 'keep',
    },
    headTimeoutMs: conf.client_header_timeout,
    times: connectionTimes(conf),
  });
}

function complain(thread: Thread, path: string, error: unknown): void {
  const text = `reopening "${path}" failed: ${error instanceof Error ? error.message : error}`;
  process.stderr.write(errorLine(ALERT, { pid: thread.pid, thread: thread.index }, 0, text));
}
