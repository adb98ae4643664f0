/** A pool in a folder of its own, with the files a test gives it; ended with the test. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { canConnect } from '../harness/can-connect.ts';
import { PATIENCE_MS, until } from '../harness/until.ts';

/** Without `--disable-sigusr1`: that flag blocks USR1, and no listener would hear it. */
const LAUNCHER = join(import.meta.dirname, '..', '..', 'bin', 'tandem-appserver.js');
/** Gives up a worker that does not become ready sooner than the real program. */
export const IMPATIENT = join(import.meta.dirname, 'fixtures', 'impatient-appserver.ts');
const PACKAGES = join(import.meta.dirname, '..', '..', 'node_modules');

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export type Files = Readonly<Record<string, string>>;

export interface PoolOptions {
  /** Path and content, relative to the folder. */
  readonly files: Files;
  /** The command line; without `--bind` the pool listens on `app.sock` of the folder. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Another program than the launcher. */
  readonly program?: string;
  /** RLIMIT_NOFILE of the program. */
  readonly openFiles?: number;
  /** A folder of packages in place of this project's own, or single ones by their names. */
  readonly packages?: string | Readonly<Record<string, string>>;
  /** Open files the program gets as 3, 4, ... */
  readonly descriptors?: readonly number[];
}

export class PoolProcess {
  readonly folder: string;
  readonly #child;
  readonly exited: Promise<number | null>;
  /** Everything on standard error and standard output so far. */
  log = '';
  stdout = '';
  #look: () => void = () => {};

  constructor(folder: string, options: PoolOptions) {
    this.folder = folder;
    const env: NodeJS.ProcessEnv = { ...process.env, NODE_NO_WARNINGS: '1', ...options.env };
    for (const name of [
      'PORT',
      'WEB_CONCURRENCY',
      'TANDEM_APPSERVER_CMD_ARGS',
      'NODE_TEST_CONTEXT',
    ]) {
      if (options.env?.[name] === undefined) delete env[name];
    }
    const args = [...options.args];
    const isBound = args.some((arg) => arg === '-b' || arg.startsWith('--bind'));
    if (!isBound && env['PORT'] === undefined && env['UNBOUND'] === undefined) {
      args.push('--bind', 'unix:app.sock');
    }
    const limited = `ulimit -n ${options.openFiles}; exec "$@"`;
    const command = [process.execPath, options.program ?? LAUNCHER, ...args];
    const [file = '', ...words] =
      options.openFiles === undefined ? command : ['/bin/sh', '-c', limited, 'sh', ...command];
    this.#child = spawn(file, words, {
      cwd: folder,
      env,
      stdio: ['pipe', 'pipe', 'pipe', ...(options.descriptors ?? [])],
    }) as ChildProcessWithoutNullStreams;
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#hear(text);
    });
    this.exited = once(this.#child, 'close').then(([code]) => {
      this.#look();
      return code;
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Pids of the workers that have said they boot, oldest first. */
  get workerPids(): number[] {
    return [...this.log.matchAll(/Booting worker with pid: (\d+)/g)].map((match) =>
      Number(match[1]),
    );
  }

  #hear(text: string): void {
    this.log += text;
    this.#look();
  }

  /** Waits until the log matches so often. */
  async sees(pattern: RegExp, times = 1): Promise<void> {
    const all = new RegExp(pattern.source, `${pattern.flags.replace('g', '')}g`);
    const hasSeen = (): boolean => [...this.log.matchAll(all)].length >= times;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no ${pattern} in the log:\n${this.log}`)),
        PATIENCE_MS,
      );
      this.#look = () => {
        if (!hasSeen()) return;
        clearTimeout(timer);
        resolve();
      };
      this.#look();
    });
    this.#look = () => {};
  }

  /** Waits for a line of the log and returns what it says. */
  async hears(pattern: RegExp): Promise<RegExpExecArray> {
    await this.sees(pattern);
    return pattern.exec(this.log)!;
  }

  /** The port of 127.0.0.1 that its log names, once it accepts: a worker listens at one place after the other. */
  async tcpPort(): Promise<number> {
    const port = Number((await this.hears(/http:\/\/127\.0\.0\.1:(\d+)/))[1]);
    await until(() => canConnect(port));
    return port;
  }

  /** Waits until it accepts at its socket. A worker may still be booting. */
  async ready(): Promise<void> {
    await until(async () => {
      if (this.#child.exitCode !== null) throw new Error(`the pool is not ready:\n${this.log}`);
      return canConnect(this.socketPath);
    });
  }

  write(files: Files): void {
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  get socketPath(): string {
    return join(this.folder, 'app.sock');
  }

  /** A connection to the pool. */
  connected(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.socketPath);
      socket.once('connect', () => resolve(socket));
      socket.once('error', reject);
    });
  }

  /** Sends bytes and reads to the end of the connection. */
  async raw(text: string): Promise<string> {
    const socket = await this.connected();
    socket.setEncoding('latin1');
    let answer = '';
    socket.on('data', (piece: string) => {
      answer += piece;
    });
    socket.write(text, 'latin1');
    await once(socket, 'close');
    return answer;
  }

  /** One request on a connection of its own. */
  ask(path: string, options: RequestOptions & { body?: string } = {}): Promise<Answer> {
    const { body, ...rest } = options;
    return new Promise((resolve, reject) => {
      const place = rest.port === undefined ? { socketPath: this.socketPath } : {};
      const request = httpRequest({ ...place, path, agent: false, ...rest }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
        });
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
        response.on('error', reject);
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  /** Ends it now and removes its folder. */
  async stop(): Promise<void> {
    if (this.#child.exitCode === null) this.signal('SIGQUIT');
    await this.exited;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Starts a pool without waiting for it. */
export function spawnPool(t: TestContext, options: PoolOptions): PoolProcess {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tandem-pool-')));
  linkPackages(join(folder, 'node_modules'), options.packages ?? PACKAGES);
  for (const [name, content] of Object.entries(options.files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const pool = new PoolProcess(folder, options);
  t.after(() => pool.stop());
  return pool;
}

function linkPackages(path: string, packages: string | Readonly<Record<string, string>>): void {
  if (typeof packages === 'string') {
    symlinkSync(packages, path);
    return;
  }
  mkdirSync(path);
  for (const [name, target] of Object.entries(packages)) symlinkSync(target, join(path, name));
}

/** Starts a pool and waits until it accepts. */
export async function startPool(t: TestContext, options: PoolOptions): Promise<PoolProcess> {
  const pool = spawnPool(t, options);
  await pool.ready();
  return pool;
}

/** Runs the program to its end. */
export async function runToEnd(
  t: TestContext,
  options: PoolOptions,
): Promise<{ code: number | null; log: string }> {
  const pool = spawnPool(t, options);
  const code = await pool.exited;
  return { code, log: pool.log };
}
