/**
 * Entry module of a worker: one copy of the application on one thread. README.md draws its life.
 */
import type { Server } from 'node:http';
import { createServer, isIPv6 } from 'node:net';
import { inspect } from 'node:util';
import { Accounts } from '../../http1/accounts.ts';
import type { ThreadBalance } from '../../http1/balance.ts';
import { listen } from '../../http1/listener.ts';
import { listenOn } from '../../prefork/listen.ts';
import { connectionPlaces } from '../../prefork/rlimit.ts';
import type { RunningThread, ThreadContext, ThreadListener } from '../../prefork/types.ts';
import type { AppKind, NodeKind } from '../apps/detect.ts';
import type { FetchCall } from '../apps/fetch/exchange.ts';
import { installFetchGlobals } from '../apps/fetch/globals.ts';
import { FetchHandler } from '../apps/fetch-handler.ts';
import { findApp } from '../apps/find-app.ts';
import { ListenTakeover } from '../apps/listen-takeover.ts';
import { AdoptedServer } from '../apps/node/adopted-server.ts';
import { handOver, NodeAcceptor } from '../apps/node/connection.ts';
import { installNodeGateway } from '../apps/node/gateway.ts';
import { nodeServer } from '../apps/node-handler.ts';
import type { WorkerFacts } from '../gateway.ts';
import { AccessLog } from '../logging/access-log.ts';
import { type ErrorLog, openErrorLog } from '../logging/error-log.ts';
import type { Settings } from '../settings/table.ts';
import { Forwarded } from './forwarded.ts';
import { Heartbeat, Ticks, ticksBytes } from './heartbeat.ts';
import { Hooks } from './hooks.ts';
import { Lifetime } from './lifetime.ts';
import { http1Options } from './limits.ts';
import { Quota } from './quota.ts';
import { BALANCE, REQUESTS, TICKS, type WorkerData } from './spec.ts';
import { catchUncaught } from './uncaught.ts';

/** Idle connections of a stopping thread are answered once more, or closed after this. */
const QUIET_MS = 1000;

/** A thread that runs an application. */
export interface RunningApp extends RunningThread {
  /** What the application was recognised as. */
  readonly shape: string;
}

/** Loads the application and runs its `startup`; the thread accepts when the pool says so. */
export async function startThread(context: ThreadContext): Promise<RunningApp> {
  const { settings, app } = context.data as WorkerData;
  const log = openErrorLog(settings.errorlog, settings.loglevel);
  if (context.threadIndex === 0) log.info(`Booting worker with pid: ${process.pid}`);
  const { age, threadIndex, threadCount } = context;
  const lifetime = new Lifetime(log);
  const { stopping } = lifetime;
  const facts: WorkerFacts = { age, pid: process.pid, threadIndex, threadCount, stopping };
  const heartbeat = heartbeatOf(context);
  heartbeat.start();
  installFetchGlobals();
  const { app: kind, exports } = await findApp(
    app,
    process.cwd(),
    takeListenOver(log, threadIndex),
  );
  const hooks = new Hooks(exports);
  heartbeat.enterStartup();
  await hooks.startup(facts);
  log.debug(`${app} is a ${kind.shape} application`);
  return new AppThread(context, settings, facts, lifetime, kind, hooks, heartbeat, log);
}

class AppThread implements RunningApp {
  readonly #context: ThreadContext;
  readonly #settings: Settings;
  readonly #facts: WorkerFacts;
  readonly #app: AppKind;
  readonly #hooks: Hooks;
  readonly #log: ErrorLog;
  readonly #accessLog: AccessLog | undefined;
  readonly #forwarded: Forwarded;
  readonly #lifetime: Lifetime;
  readonly #accounts: Accounts;
  readonly #heartbeat: Heartbeat;
  readonly #quota: Quota | undefined;

  constructor(
    context: ThreadContext,
    settings: Settings,
    facts: WorkerFacts,
    lifetime: Lifetime,
    app: AppKind,
    hooks: Hooks,
    heartbeat: Heartbeat,
    log: ErrorLog,
  ) {
    this.#context = context;
    this.#settings = settings;
    this.#facts = facts;
    this.#app = app;
    this.#hooks = hooks;
    this.#log = log;
    const { accesslog, access_log_format } = settings;
    const lost = (message: string): void => log.error(message);
    this.#accessLog =
      accesslog === null ? undefined : new AccessLog(accesslog, access_log_format, lost);
    this.#forwarded = new Forwarded(settings);
    this.#lifetime = lifetime;
    const connectionLimit = Math.ceil(settings.worker_connections / context.threadCount);
    this.#accounts = new Accounts({ connectionLimit, balance: balanceOf(context) });
    this.#quota = quotaOf(context, log);
    this.#heartbeat = heartbeat;
  }

  get shape(): string {
    return this.#app.shape;
  }

  async accept(): Promise<void> {
    const places = connectionPlaces(this.#context.threadCount);
    if (places !== undefined) {
      this.#accounts.limitTo(places, () =>
        this.#log.critical('accept4() failed (24: Too many open files)'),
      );
    }
    if (this.#app.kind === 'fetch') await this.#acceptFetch(this.#app.fetch);
    else await this.#acceptNode(this.#app);
    this.#heartbeat.enterServing();
    catchUncaught({
      log: this.#log,
      stopAccepting: () => void this.#accounts.drain(this.#quietMs),
      retire: () => this.#context.retire(),
    });
  }

  get #quietMs(): number {
    return Math.min(QUIET_MS, this.#settings.keepalive * 1000) || QUIET_MS;
  }

  async #acceptFetch(fetch: FetchCall): Promise<void> {
    const handler = new FetchHandler({
      fetch,
      forwarded: this.#forwarded,
      lifetime: this.#lifetime,
      worker: this.#facts,
      log: this.#log,
      accessLog: this.#accessLog,
      quota: this.#quota,
    });
    const server = http1Options(this.#settings);
    for (const { fd, spec } of this.#context.listeners) {
      const path = spec.kind === 'unix' ? spec.path : '';
      await listen({ fd }, spec.backlog, { accounts: this.#accounts, server, path }, handler).catch(
        (error: unknown) => {
          throw Object.assign(error as Error, { fd });
        },
      );
    }
  }

  async #acceptNode(app: NodeKind): Promise<void> {
    const forwarded = this.#forwarded;
    installNodeGateway({ forwarded, lifetime: this.#lifetime, worker: this.#facts });
    const [first] = this.#context.listeners;
    if (first === undefined) return;
    const server = this.#nodeServer(app, first.spec.kind);
    const address = addressOf(first);
    AdoptedServer.of(server).listen(address);
    if (app.server !== undefined) AdoptedServer.of(app.server).listen(address);
    for (const listener of this.#context.listeners) {
      const way = listener.spec.kind;
      const acceptor = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
        handOver(server, socket, way),
      );
      await listenOn(acceptor, listener);
      this.#accounts.addAcceptor(new NodeAcceptor(acceptor));
    }
  }

  /** It reads requests and never listens itself: there may be several places, or an app that did. */
  #nodeServer(app: NodeKind, way: 'tcp' | 'unix'): Server {
    return nodeServer({
      app,
      settings: this.#settings,
      accounts: this.#accounts,
      forwarded: this.#forwarded,
      log: this.#log,
      accessLog: this.#accessLog,
      quota: this.#quota,
      way,
    });
  }

  async drain(): Promise<void> {
    this.#lifetime.stop();
    await this.#accounts.drain(this.#quietMs);
    await this.#lifetime.settled();
    await this.#stop();
  }

  async quit(): Promise<void> {
    this.#lifetime.stop();
    await this.#accounts.close();
    await this.#stop();
  }

  async #stop(): Promise<void> {
    const app = this.#app;
    const server = app.kind === 'node' && app.server && AdoptedServer.of(app.server);
    try {
      if (server) server.drained();
      if (app.kind === 'node') await app.close?.();
      await this.#hooks.shutdown();
    } catch (error) {
      this.#log.error(`Exception in shutdown of the application\n${inspect(error)}`);
    }
    if (server) await server.finish();
    this.#heartbeat.stop();
    this.#accessLog?.close();
    if (this.#context.threadIndex === 0) this.#log.info(`Worker exiting (pid: ${process.pid})`);
    this.#log.close();
  }

  reopenLogs(): void {
    this.#log.reopen();
    this.#accessLog?.reopen();
  }
}

function heartbeatOf(context: ThreadContext): Heartbeat {
  const { settings } = context.data as WorkerData;
  const memory = context.shared[TICKS] ?? new SharedArrayBuffer(ticksBytes(context.threadCount));
  const send = (message: unknown): void => context.send(message);
  return new Heartbeat(new Ticks(memory), context.threadIndex, settings.timeout, send);
}

function quotaOf(context: ThreadContext, log: ErrorLog): Quota | undefined {
  const { requestQuota } = context.data as WorkerData;
  const memory = context.shared[REQUESTS];
  if (requestQuota === 0 || memory === undefined) return undefined;
  return new Quota(memory, requestQuota, () => {
    log.info('Autorestarting worker after current request.');
    context.retire();
  });
}

/** What an application that asks its server is told. */
function addressOf({ spec }: ThreadListener): ReturnType<Server['address']> {
  if (spec.kind === 'unix') return spec.path;
  return { address: spec.host, port: spec.port, family: isIPv6(spec.host) ? 'IPv6' : 'IPv4' };
}

/** Every thread of every worker loads the application: one line of each worker is enough. */
function takeListenOver(log: ErrorLog, threadIndex: number): ListenTakeover {
  const quiet = { info: () => {}, warning: () => {} };
  return ListenTakeover.install(threadIndex === 0 ? log : quiet);
}

function balanceOf(context: ThreadContext): ThreadBalance | undefined {
  const memory = context.shared[BALANCE];
  if (memory === undefined || context.threadCount === 1) return undefined;
  return { counts: new Int32Array(memory), index: context.threadIndex };
}
