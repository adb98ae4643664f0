/**
 * The master's loop: take signals, murder who is silent, manage the number of workers. Gunicorn:
 * arbiter.py. The processes themselves are prefork's.
 */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { inspect } from 'node:util';
import { announceServing } from '../prefork/announce.ts';
import type { ListenerChange } from '../prefork/listeners.ts';
import { Master } from '../prefork/master.ts';
import { checkPidFile, PidFile, PidFileInUseError } from '../prefork/pidfile.ts';
import { Pool } from '../prefork/pool.ts';
import type { MasterSignal, SignalQueue } from '../prefork/signals.ts';
import type { WorkerExit, WorkerSpec } from '../prefork/types.ts';
import type { WorkerProcess } from '../prefork/worker-process.ts';
import { EXIT_APP_LOAD_ERROR, EXIT_BOOT_ERROR, SettingError } from './errors.ts';
import {
  adoptListeners,
  describeFailure,
  listenerSpecs,
  retryBinding,
  showSpec,
} from './listeners.ts';
import { type ErrorLog, openErrorLog } from './logging/error-log.ts';
import { ConfigFileError, type LoadedSettings } from './settings/load.ts';
import type { Settings } from './settings/table.ts';
import { SOFTWARE } from './version.ts';
import { HEARTBEAT, LAST_HEARTBEAT } from './worker/heartbeat.ts';
import { Pulse } from './worker/pulse.ts';
import { BOOT_FLOOR_SECONDS, patienceOf, workerSpec } from './worker/spec.ts';

/** How often the arbiter looks for silent workers. */
const LOOK_MS = 1000;
const START_FAILED = 1;

/** What the arbiter needs of its program. */
export interface ArbiterOptions {
  readonly loaded: LoadedSettings;
  /** Reads the settings again, for HUP. */
  readonly reload: () => Promise<LoadedSettings>;
  readonly signals: SignalQueue;
  /** Seconds a worker has at least to become ready; 30 where left out. */
  readonly bootFloorSeconds?: number | undefined;
}

/** Runs the pool until it is told to stop; answers the exit code. */
export function runArbiter(options: ArbiterOptions): Promise<number> {
  return new Arbiter(options).run();
}

class Arbiter {
  readonly #options: ArbiterOptions;
  readonly #master = new Master();
  readonly #pool: Pool;
  readonly #pulses = new Map<WorkerProcess, Pulse>();
  #settings: Settings;
  /** What the next worker starts with; ahead of `#settings` while a reload is under way. */
  #next: Settings;
  #log: ErrorLog;
  #pidFile: PidFile | undefined;
  #isSystemd = false;
  #wasEverReady = false;
  #isStopping = false;
  #isReloadAsked = false;
  #reloading: Promise<void> | undefined;
  #halt: (exitCode: number) => void = () => {};

  constructor(options: ArbiterOptions) {
    this.#options = options;
    this.#settings = options.loaded.settings;
    this.#next = this.#settings;
    this.#log = openErrorLog(this.#settings.errorlog, this.#settings.loglevel);
    this.#pool = new Pool(this.#master, {
      size: this.#settings.workers,
      spec: () => this.#spec(),
      drainTimeoutMs: this.#settings.graceful_timeout * 1000,
      mayRespawn: (exit) => this.#mayRespawn(exit),
    });
    this.#pool.on('spawn', (worker) => this.#watch(worker));
    this.#pool.on('ready', () => {
      if (this.#wasEverReady) return;
      this.#wasEverReady = true;
      this.#writePidFile();
      announceServing(this.#master.listeners.all.map(({ spec }) => spec));
    });
    this.#pool.on('exit', (worker, exit) => this.#reap(worker, exit));
    this.#pool.on('retry', (delayMs) => {
      if (delayMs > 0) this.#log.error(`Next attempt to boot a worker in ${delayMs} ms`);
    });
    this.#pool.on('threadExit', (worker, exit) => {
      this.#pulses.get(worker)?.forget(exit.threadIndex);
      if (exit.stack !== '')
        this.#log.error(`Exception in worker process (pid:${worker.pid})\n${exit.stack}`);
    });
  }

  async run(): Promise<number> {
    const log = this.#log;
    log.info(`Starting ${SOFTWARE}`);
    for (const warning of this.#options.loaded.warnings) log.warning(warning);
    if (!(await this.#start())) return START_FAILED;
    const looking = setInterval(() => this.#murderWorkers(), LOOK_MS);
    const halted = new Promise<number>((resolve) => {
      this.#halt = resolve;
    });
    this.#options.signals.start((signal) => this.#handle(signal));
    this.#pool.start();
    const exitCode = await halted;
    clearInterval(looking);
    this.#log.info('Shutting down: Master');
    const reason = HALT_REASONS[exitCode];
    if (reason !== undefined) this.#log.info(`Reason: ${reason}`);
    this.#pidFile?.remove();
    this.#log.close();
    return exitCode;
  }

  /** Sockets, and a look at the pid file; false where a socket cannot be had. */
  async #start(): Promise<boolean> {
    const { pidfile, workers, threads } = this.#settings;
    if (pidfile !== null) claimable(pidfile);
    this.#isSystemd = adoptListeners(this.#master, this.#settings, process.env);
    if (!this.#isSystemd) {
      const specs = await listenerSpecs(this.#settings);
      const change = await this.#master.listeners.prepare(specs, threads);
      if (!(await retryBinding(change, this.#log))) {
        this.#master.listeners.close(true);
        return false;
      }
    }
    const shown = this.#master.listeners.all.map(({ spec }) => showSpec(spec)).join(',');
    this.#log.info(`Listening at: ${shown} (${process.pid})`);
    this.#log.info(`Using worker: ${threads > 1 ? 'threads' : 'process'}`);
    const cores = availableParallelism();
    this.#log.debug(`${workers} workers of ${threads} threads, ${cores} processors`);
    return true;
  }

  /** Once the first worker accepts: who sees the file is answered. */
  #writePidFile(): void {
    const { pidfile } = this.#settings;
    if (pidfile === null || this.#pidFile !== undefined || this.#isStopping) return;
    try {
      this.#pidFile = new PidFile(pidfile, 'refuse');
    } catch (error) {
      this.#log.error(messageOf(error));
      void this.#stop('quit', START_FAILED);
    }
  }

  #spec(): WorkerSpec {
    return workerSpec(this.#next, this.#patience());
  }

  #handle(signal: MasterSignal): void {
    this.#log.info(`Handling signal: ${signal.slice('SIG'.length).toLowerCase()}`);
    if (signal === 'SIGTERM') void this.#stop('drain', 0);
    else if (signal === 'SIGINT' || signal === 'SIGQUIT') void this.#stop('quit', 0);
    else if (signal === 'SIGHUP') this.#reload();
    else if (signal === 'SIGTTIN') this.#resize(1);
    else if (signal === 'SIGTTOU') this.#resize(-1);
    else if (signal === 'SIGUSR1') this.#reopenLogs();
    else if (signal === 'SIGUSR2') this.#log.error('USR2 (upgrade) is not supported yet');
    else this.#log.debug('SIGWINCH ignored. Not daemonized');
  }

  /** A second signal hurries a graceful stop up. */
  async #stop(how: 'drain' | 'quit', exitCode: number): Promise<void> {
    if (!this.#isStopping) {
      this.#isStopping = true;
      // The kernel refuses new clients once the workers have closed their copies.
      this.#master.listeners.close(!this.#isSystemd);
    }
    await this.#pool.stop(how);
    this.#halt(exitCode);
  }

  #resize(change: number): void {
    const size = Math.max(1, this.#pool.size + change);
    if (size !== this.#pool.size) this.#pool.resize(size);
  }

  #reopenLogs(): void {
    this.#log.reopen();
    this.#master.reopenLogs();
  }

  // Reload.

  /** A HUP that comes during a reload is served after it; more than one are one. */
  #reload(): void {
    this.#log.info('Hang up: Master');
    if (this.#reloading !== undefined) {
      this.#isReloadAsked = true;
      return;
    }
    this.#reloading = this.#reloadOnce()
      .catch((error: unknown) => this.#log.error(`Reload failed: ${messageOf(error)}`))
      .finally(() => {
        this.#reloading = undefined;
        if (!this.#isReloadAsked || this.#isStopping) return;
        this.#isReloadAsked = false;
        this.#reload();
      });
  }

  /** Nothing of the old is given up before the first new worker is ready. */
  async #reloadOnce(): Promise<void> {
    const { settings, warnings } = await this.#options.reload();
    for (const warning of warnings) this.#log.warning(warning);
    const specs = this.#isSystemd ? [] : await listenerSpecs(settings);
    const change = await this.#master.listeners.prepare(specs, settings.threads);
    const [failure] = change.failures;
    if (failure !== undefined) {
      change.rollback();
      throw new SettingError(describeFailure(failure));
    }
    const isMoved = settings.pidfile !== this.#settings.pidfile;
    const pidFile = isMoved ? this.#claimPidFile(settings.pidfile, change) : undefined;
    this.#next = settings;
    const roll = await this.#pool.replaceAll();
    if (!roll.ok && roll.replaced > 0) {
      // Some run the new code already, and whoever is started from now on will.
      this.#log.error(`Reload stopped after ${roll.replaced} workers: the others run the old code`);
    }
    if (!roll.ok && roll.replaced === 0) {
      this.#next = this.#settings;
      change.rollback();
      pidFile?.remove();
      this.#log.error('Reload failed: the old workers go on serving');
      return;
    }
    if (!this.#isSystemd && hasNoDescriptors(settings)) change.commit();
    if (isMoved) {
      this.#pidFile?.remove();
      this.#pidFile = pidFile;
    }
    this.#adoptSettings(settings);
    if (roll.ok) this.#log.info(`Reloaded: ${roll.replaced} workers replaced`);
  }

  /** The pid file of the new settings, beside the former one. Where it is taken nothing has changed. */
  #claimPidFile(path: string | null, change: ListenerChange): PidFile | undefined {
    try {
      return path === null ? undefined : new PidFile(path, 'refuse');
    } catch (error) {
      change.rollback();
      throw error;
    }
  }

  #adoptSettings(settings: Settings): void {
    const before = this.#settings;
    this.#settings = settings;
    this.#pool.drainTimeoutMs = settings.graceful_timeout * 1000;
    if (settings.errorlog !== before.errorlog || settings.loglevel !== before.loglevel) {
      const old = this.#log;
      this.#log = openErrorLog(settings.errorlog, settings.loglevel);
      old.close();
    } else this.#log.reopen();
    this.#pool.resize(settings.workers);
  }

  // Workers.

  #watch(worker: WorkerProcess): void {
    const pulse = new Pulse(this.#patience(), performance.now());
    this.#pulses.set(worker, pulse);
    worker.on('message', (message, threadIndex) => {
      if (message === HEARTBEAT) pulse.beat(threadIndex, performance.now());
      else if (message === LAST_HEARTBEAT) pulse.forget(threadIndex);
    });
  }

  /**
   * Usually a worker's own watchdog has ended it before, and logged where it hangs. Gunicorn sends
   * ABRT first, so that the worker may log; a stuck event loop would not hear it.
   */
  #murderWorkers(): void {
    const now = performance.now();
    for (const [worker, pulse] of this.#pulses) {
      if (!pulse.isLost(now)) continue;
      this.#log.critical(`WORKER TIMEOUT (pid:${worker.pid})`);
      worker.kill('SIGKILL');
    }
  }

  #reap(worker: WorkerProcess, exit: WorkerExit): void {
    const isMurder = this.#pulses.get(worker)?.isSilent(performance.now()) === true;
    this.#pulses.delete(worker);
    const { failure } = exit;
    // Who ended it has said why.
    if (isMurder && exit.signal === 'SIGKILL') return;
    if (failure !== undefined) {
      const known = failure.name === 'AppLoadError' || failure.stack === '';
      const text = known ? failure.message : failure.stack;
      this.#log.error(`Exception in worker process (pid:${worker.pid})\n${text}`);
    } else if (exit.signal !== null && !exit.isExpected) {
      const hint = exit.signal === 'SIGKILL' ? ' Perhaps out of memory?' : '';
      this.#log.error(`Worker (pid:${worker.pid}) was sent ${exit.signal}!${hint}`);
    } else if (exit.signal !== null) {
      this.#log.warning(`Worker (pid:${worker.pid}) did not stop in time: sent ${exit.signal}`);
    } else if (exit.code !== 0 || !(exit.wasReady || exit.isExpected)) {
      const hint = exit.wasReady
        ? ''
        : ' before it was ready: the application called process.exit(), or failed with what is above';
      this.#log.error(`Worker (pid:${worker.pid}) exited with code ${exit.code}${hint}`);
    }
  }

  #patience() {
    return patienceOf(this.#next, this.#options.bootFloorSeconds ?? BOOT_FLOOR_SECONDS);
  }

  /**
   * A worker that leaves before any was ever ready ends the service, with 4 where it says so and
   * else with 3. One that the system killed may be tried again.
   */
  #mayRespawn(exit: WorkerExit): boolean {
    if (this.#wasEverReady || this.#isStopping || exit.signal !== null) return true;
    const isLoadError = exit.code === EXIT_APP_LOAD_ERROR;
    void this.#stop('quit', isLoadError ? EXIT_APP_LOAD_ERROR : EXIT_BOOT_ERROR);
    return false;
  }
}

/** Throws where a pid file cannot be had, in Gunicorn's words where it has them. */
function claimable(path: string): void {
  const folder = dirname(path);
  if (!existsSync(folder)) throw new SettingError(`${folder} doesn't exist. Can't create pidfile.`);
  checkPidFile(path, 'refuse');
}

const HALT_REASONS: Readonly<Record<number, string>> = {
  [EXIT_BOOT_ERROR]: 'Worker failed to boot.',
  [EXIT_APP_LOAD_ERROR]: 'App failed to load.',
};

function hasNoDescriptors(settings: Settings): boolean {
  return !settings.bind.some((text) => text.startsWith('fd://'));
}

function messageOf(error: unknown): string {
  // What the file threw has a stack; ours says nothing.
  if (error instanceof ConfigFileError) return `${error.message}\n${inspect(error.cause)}`;
  const isPlain = error instanceof SettingError || error instanceof PidFileInUseError;
  return isPlain ? error.message : inspect(error);
}
