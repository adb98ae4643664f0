/** The application under validation: in a worker of its own, on a Unix socket of its own. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entryModule } from '../../prefork/environment.ts';
import { Master } from '../../prefork/master.ts';
import type { WorkerExit, WorkerSpec } from '../../prefork/types.ts';
import type { WorkerProcess } from '../../prefork/worker-process.ts';
import { SettingError } from '../errors.ts';
import type { Settings } from '../settings/table.ts';
import { BOOT_FLOOR_SECONDS, patienceOf, workerSpec } from '../worker/spec.ts';
import type { Recognised } from './subject-thread.ts';

const BACKLOG = 64;
/** Well below the validator's patience for an answer, so that it hears who hangs, and where. */
const SILENCE_LIMIT_SECONDS = 2;

/** Made by `startSubject`; whoever has it ends it and removes it. */
export class Subject {
  readonly socketPath: string;
  /** As Gunicorn's graceful_timeout. */
  readonly graceMs: number;
  /** What the application was recognised as; empty where the worker did not come so far. */
  shape = '';
  readonly #folder: string;
  readonly #worker: WorkerProcess;
  readonly #master: Master;

  constructor(folder: string, master: Master, worker: WorkerProcess, settings: Settings) {
    this.#folder = folder;
    this.#master = master;
    this.#worker = worker;
    this.socketPath = socketPathIn(folder);
    this.graceMs = settings.graceful_timeout * 1000;
    worker.on('message', (message) => {
      if (isRecognised(message)) this.shape = message.shape;
    });
  }

  whenReady(): Promise<boolean> {
    return this.#worker.whenReady();
  }

  get isGone(): boolean {
    return this.#worker.state === 'gone';
  }

  /** What the worker has written to the error log so far. */
  get log(): string {
    return readFileSync(logPathIn(this.#folder), 'latin1');
  }

  /** What the watchdog said of a worker that stood still; empty where it had no reason to. */
  get hangReport(): string {
    return /WORKER TIMEOUT.*\n((?:(?!\[\d{4}-).*\n)+)/.exec(this.log)?.[1]?.trimEnd() ?? '';
  }

  /** Ends it as the arbiter does. */
  drain(): Promise<WorkerExit> {
    return this.#worker.drain(this.graceMs);
  }

  get gone(): Promise<WorkerExit> {
    return this.#worker.gone;
  }

  /** Ends it at once. */
  kill(): void {
    this.#worker.kill('SIGKILL');
  }

  async remove(): Promise<void> {
    this.kill();
    await this.#worker.gone;
    this.#master.listeners.close(true);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/**
 * Starts the worker, which has `bootFloorSeconds` at least to become ready. Throws SettingError where
 * there is no place for its socket.
 */
export async function startSubject(
  settings: Settings,
  bootFloorSeconds = BOOT_FLOOR_SECONDS,
): Promise<Subject> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-validate-'));
  const master = new Master();
  const path = socketPathIn(folder);
  const change = await master.listeners.prepare([{ kind: 'unix', path, backlog: BACKLOG }], 1);
  const [failure] = change.failures;
  if (failure !== undefined) {
    rmSync(folder, { recursive: true, force: true });
    throw new SettingError(`${failure.syscall} ${path} failed: ${failure.message}`);
  }
  change.commit();
  const worker = master.spawnWorker(specOf(settings, folder, bootFloorSeconds));
  return new Subject(folder, master, worker, settings);
}

/** One thread of the worker that the settings describe, with a log of its own. */
function specOf(settings: Settings, folder: string, bootFloorSeconds: number): WorkerSpec {
  const errorlog = logPathIn(folder);
  const own = {
    threads: 1,
    errorlog,
    loglevel: 'debug',
    accesslog: null,
    max_requests: 0,
  } as const;
  const patience = patienceOf({ ...settings, timeout: SILENCE_LIMIT_SECONDS }, bootFloorSeconds);
  return {
    ...workerSpec({ ...settings, ...own }, patience),
    entry: entryModule('appserver/validate/subject-thread'),
  };
}

function socketPathIn(folder: string): string {
  return join(folder, 'app.sock');
}

function logPathIn(folder: string): string {
  return join(folder, 'error.log');
}

function isRecognised(message: unknown): message is Recognised {
  return typeof message === 'object' && message !== null && 'shape' in message;
}
