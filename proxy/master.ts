/**
 * The proxy's master: binds what the configuration names, keeps one generation of worker threads
 * serving, and acts on nginx's signals. It never touches a client's socket.
 */
import { constants } from 'node:os';
import { announceServing } from '../prefork/announce.ts';
import { daemonBooted } from '../prefork/daemonize.ts';
import { entryModule } from '../prefork/environment.ts';
import { Generations } from '../prefork/generations.ts';
import type { ListenerChange } from '../prefork/listeners.ts';
import { Master } from '../prefork/master.ts';
import { checkPidFile, PidFile } from '../prefork/pidfile.ts';
import type { MasterSignal, SignalQueue } from '../prefork/signals.ts';
import type { BindFailure, ListenerSpec, WorkerExit, WorkerSpec } from '../prefork/types.ts';
import { systemFailure, toByteString, toNodeString } from './config/paths.ts';
import { type Cycle, loadCycle } from './cycle.ts';
import { ALERT, EMERG, ErrorLog, errorLine, NOTICE, WARN } from './log/error-log.ts';
import { LogFiles } from './log/log-file.ts';
import { messageOf } from './main.ts';
import { listenerSpecs, SHARED_CONNECTIONS } from './sockets.ts';
import { checkStart, fileLimitWarning, mainErrorLogs } from './start-checks.ts';

/** nginx tries an address that is in use this often, this far apart. */
const BIND_TRIES = 5;
const BIND_PAUSE_MS = 500;

export class ProxyMaster {
  private cycle: Cycle;
  private readonly signals: SignalQueue;
  private readonly isDaemon: boolean;
  private readonly master = new Master();
  private readonly generations: Generations;
  private logFiles = new LogFiles();
  private log: ErrorLog;
  private pidFile: PidFile | undefined;
  private finish: (code: number) => void = () => {};
  private isStopping = false;
  private reloading: Promise<void> = Promise.resolve();

  constructor(cycle: Cycle, signals: SignalQueue, isDaemon: boolean) {
    this.cycle = cycle;
    this.signals = signals;
    this.isDaemon = isDaemon;
    this.log = this.openLog(cycle);
    this.generations = new Generations(this.master, {
      drainTimeoutMs: cycle.main.worker_shutdown_timeout,
    });
  }

  /** Serves until a signal ends it; resolves with the exit code. */
  async run(): Promise<number> {
    process.title = 'tandem-proxy: master process';
    const done = new Promise<number>((resolve) => {
      this.finish = resolve;
    });
    const change = await this.bind(this.cycle, BIND_TRIES);
    if (change === undefined) return 1;
    try {
      checkPidFile(toNodeString(this.cycle.main.pid), 'overwrite');
    } catch (error) {
      this.emerg(systemFailure('open', this.cycle.main.pid, error));
      this.master.listeners.close(true);
      return 1;
    }
    this.watch();
    const outcome = await this.generations.replace(this.workerSpec(this.cycle, change));
    if (!outcome.ok) return this.giveUp(exitText(outcome.exit));
    // nginx: ngx_create_pidfile comes after ngx_open_listening_sockets: who sees the file is answered.
    try {
      this.pidFile = new PidFile(toNodeString(this.cycle.main.pid), 'overwrite');
    } catch (error) {
      return this.giveUp(systemFailure('open', this.cycle.main.pid, error));
    }
    change.commit();
    if (this.isDaemon) daemonBooted();
    this.write(NOTICE, `start worker process ${outcome.worker.pid}`);
    this.sayWhere();
    this.signals.start((signal) => this.act(signal));
    return done;
  }

  private async giveUp(text: string): Promise<number> {
    this.emerg(text);
    await this.end('quit');
    return 1;
  }

  /** nginx says nothing of a start that went well, and leaves people to guess the port. */
  private sayWhere(): void {
    const specs = this.master.listeners.all.map(({ spec }) => spec);
    announceServing(specs);
    if (specs.length === 0) return;
    const text = `listening on ${[...new Set(specs.map(addressText))].join(', ')}`;
    this.write(NOTICE, text);
    const isSeen = mainErrorLogs(this.cycle).some(
      ({ path, level }) => path === 'stderr' && level >= NOTICE,
    );
    if (!isSeen && !this.isDaemon) say(`nginx: [notice] ${text}`);
  }

  private watch(): void {
    this.generations.on('exit', (worker, exit) => {
      this.write(...exitLine(worker.pid, exit));
      if (!exit.isExpected && exit.failure !== undefined) this.write(ALERT, exitText(exit));
    });
    this.generations.on('threadExit', (worker, exit) => {
      this.write(ALERT, `thread ${exit.threadIndex} of worker process ${worker.pid} ended`);
    });
  }

  private act(signal: MasterSignal): void {
    switch (signal) {
      case 'SIGTERM':
      case 'SIGINT':
        void this.stop('quit');
        break;
      case 'SIGQUIT':
        void this.stop('drain');
        break;
      case 'SIGHUP':
        this.reloading = this.reloading.then(() => this.reload());
        break;
      case 'SIGUSR1':
        this.write(NOTICE, 'reopening logs');
        this.logFiles.reopen((path, error) =>
          this.write(EMERG, `open() "${path}" failed: ${error}`),
        );
        this.master.reopenLogs();
        break;
      default:
        this.write(NOTICE, `signal ${signal} is not acted on`);
    }
  }

  private async stop(how: 'drain' | 'quit'): Promise<void> {
    if (this.isStopping && how === 'drain') return;
    this.isStopping = true;
    await this.end(how);
    this.write(NOTICE, 'exit');
    this.logFiles.close();
    this.finish(0);
  }

  private async end(how: 'drain' | 'quit'): Promise<void> {
    const ended = this.generations.stop(
      how,
      how === 'drain' ? this.cycle.main.worker_shutdown_timeout : undefined,
    );
    // nginx ngx_master_process_cycle: at once, so that new clients are refused and do not wait.
    this.master.listeners.close(true);
    await ended;
    this.pidFile?.remove();
  }

  /** A new generation beside the old one; whatever fails, the old one goes on serving. */
  private async reload(): Promise<void> {
    if (this.isStopping) return;
    this.write(NOTICE, 'signal 1 (SIGHUP) received, reconfiguring');
    const { files: _old, ...source } = this.cycle.source;
    let cycle: Cycle;
    try {
      cycle = loadCycle(source, (text) => this.write(WARN, text));
      checkStart(cycle);
      const warning = fileLimitWarning(cycle);
      if (warning !== undefined) this.write(WARN, warning);
    } catch (error) {
      this.write(EMERG, messageOf(error));
      return;
    }
    const change = await this.bind(cycle, BIND_TRIES);
    if (change === undefined) return;
    this.generations.drainTimeoutMs = cycle.main.worker_shutdown_timeout;
    const outcome = await this.generations.replace(this.workerSpec(cycle, change));
    if (!outcome.ok) {
      change.rollback();
      this.write(EMERG, exitText(outcome.exit));
      return;
    }
    change.commit();
    this.movePidFile(cycle);
    this.cycle = cycle;
    const former = this.logFiles;
    this.log = this.openLog(cycle);
    former.close();
  }

  private movePidFile(cycle: Cycle): void {
    if (cycle.main.pid === this.cycle.main.pid) return;
    try {
      const moved = new PidFile(toNodeString(cycle.main.pid), 'overwrite');
      this.pidFile?.remove();
      this.pidFile = moved;
    } catch (error) {
      this.write(EMERG, systemFailure('open', cycle.main.pid, error));
    }
  }

  private async bind(cycle: Cycle, tries: number): Promise<ListenerChange | undefined> {
    const specs = listenerSpecs(cycle.http?.addresses ?? []);
    const change = await this.master.listeners.prepare(specs, cycle.main.worker_processes);
    for (let left = tries - 1; change.failures.length > 0; left--) {
      for (const failure of change.failures) this.emerg(bindText(failure));
      const mayPass = change.failures.every(({ code }) => code === 'EADDRINUSE');
      if (!mayPass || left === 0) {
        if (mayPass) this.emerg('still could not bind()');
        // nginx's words for a file in the way are those for a server: what follows is ours.
        for (const { reason } of change.failures)
          if (reason !== undefined) this.emerg(toByteString(reason));
        change.rollback();
        return undefined;
      }
      await new Promise((resolve) => setTimeout(resolve, BIND_PAUSE_MS));
      await change.retry();
    }
    return change;
  }

  private workerSpec(cycle: Cycle, change: ListenerChange): WorkerSpec {
    const threads = cycle.main.worker_processes;
    const { user } = cycle.main;
    return {
      entry: entryModule('proxy/worker'),
      threads,
      listeners: change.keys,
      data: { ...cycle.source, files: cycle.root.load.files },
      shared: {
        [SHARED_CONNECTIONS]: threads * Int32Array.BYTES_PER_ELEMENT,
        ...cycle.http?.load.zones.sizes,
      },
      title: 'tandem-proxy: worker process',
      privileges: user === undefined ? undefined : { ...user, initgroups: true, dropAt: 'accept' },
      onThreadExit: 'report',
      signals: { SIGTERM: 'quit', SIGQUIT: 'drain', SIGUSR1: 'reopen', SIGWINCH: 'drain' },
    };
  }

  /** The error log of the main level. */
  private openLog(cycle: Cycle): ErrorLog {
    this.logFiles = new LogFiles();
    const log = new ErrorLog(
      mainErrorLogs(cycle).map(({ path, level }) => ({ level, sink: this.logFiles.file(path) })),
    );
    this.logFiles.openAll();
    return log;
  }

  private write(level: number, text: string): void {
    this.log.write(level, errorLine(level, { pid: process.pid, thread: 0 }, 0, text));
  }

  /** To the terminal and to the log, as nginx does while it starts. */
  private emerg(text: string): void {
    say(`nginx: [emerg] ${text}`);
    if (this.logFiles.writesTo('stderr')) return;
    this.write(EMERG, text);
  }
}

/** To the terminal; latin1, one character per byte. */
function say(text: string): void {
  process.stderr.write(Buffer.from(`${text}\n`, 'latin1'));
}

/** nginx: ngx_process_get_status. */
function exitLine(pid: number, exit: WorkerExit): [level: number, text: string] {
  return exit.signal === null
    ? [NOTICE, `worker process ${pid} exited with code ${exit.code}`]
    : [ALERT, `worker process ${pid} exited on signal ${constants.signals[exit.signal]}`];
}

function bindText(failure: BindFailure): string {
  const { spec, syscall, errno, message } = failure;
  return `${syscall}() to ${addressText(spec)} failed (${errno}: ${message})`;
}

function addressText(spec: ListenerSpec): string {
  if (spec.kind === 'unix') return `unix:${toByteString(spec.path)}`;
  return `${spec.host.includes(':') ? `[${spec.host}]` : spec.host}:${spec.port}`;
}

function exitText(exit: WorkerExit | undefined): string {
  const failure = exit?.failure;
  if (failure === undefined) return 'worker process did not become ready';
  if (failure.listener !== undefined && failure.syscall === 'listen') {
    return `bind() to ${addressText(failure.listener)} failed (98: Address already in use)`;
  }
  return failure.name === 'ConfigError' ? failure.message : failure.stack || failure.message;
}
