/**
 * Starts a front (ours or Debian's nginx) on a configuration in a folder of its own, and ends it.
 *
 * A configuration names the ports 8080 to 8089 of 127.0.0.1, as anybody would write them; each
 * becomes a free port (`front.port(8080)`). Relative paths stand against the front's folder.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { canConnect } from './can-connect.ts';
import { freePorts } from './ports.ts';
import { ask, type RawResponse } from './raw-client.ts';
import { PATIENCE_MS, until } from './until.ts';

const LOOK_EVERY_MS = 10;

/** A running front. Whoever starts it stops it. */
export interface Front {
  /** Its folder: configuration, files, logs. */
  readonly folder: string;
  /** Process id of the master. */
  readonly pid: number;
  /** The real port for one named in the configuration; 8080 unless given. */
  port(named?: number): number;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Sends one raw request to port 8080 (or another one named) on a connection of its own. */
  ask(request: string, named?: number): Promise<RawResponse>;
  /** The text of a file of the folder, '' where there is none; latin1. */
  read(name: string): string;
  /** The lines of a file once they pass `isEnough`; at least `count` lines where a number is given. */
  lines(
    name: string,
    isEnough: number | ((lines: readonly string[]) => boolean),
  ): Promise<string[]>;
  /** The text of a file once it matches; what an answer has to do with may be written after it. */
  says(name: string, pattern: RegExp): Promise<string>;
  /** What it wrote to stderr so far. */
  stderr(): string;
  /** Sends a signal to the master. */
  signal(name: NodeJS.Signals): void;
  /** Ends it, waits for its end and deletes its folder. */
  stop(): Promise<void>;
}

/** How to start one kind of front. */
export interface FrontKind {
  readonly name: string;
  /** Lines of the main level and of the http block that only this kind needs. */
  readonly mainLines: readonly string[];
  readonly httpLines: readonly string[];
  command(folder: string, file: string): { file: string; args: readonly string[] };
}

/** What a test may add. */
export interface FrontOptions {
  /** Files of the folder by name; the content is latin1. */
  readonly files?: Readonly<Record<string, string>>;
  /** Lines of the main level, such as `worker_processes 2;`. */
  readonly main?: string;
  /** `worker_connections`, 256 unless given. */
  readonly connections?: number;
}

/**
 * The complete file for the inside of an http block. The error log is `error.log` at level info;
 * the access log `access.log` unless the text speaks of access_log.
 */
export function completeConfiguration(
  kind: FrontKind,
  http: string,
  main = '',
  connections = 256,
): string {
  const log = /\baccess_log\b/.test(http) ? [] : ['access_log access.log;'];
  const mainLines = [...kind.mainLines, main];
  if (!/\berror_log\b/.test(main)) mainLines.push('error_log error.log info;');
  return `daemon off;
pid nginx.pid;
${mainLines.join('\n')}
events { worker_connections ${connections}; }
http {
${[...kind.httpLines, ...log].join('\n')}
${http}
}
`;
}

/** Two fronts' files must have one Last-Modified, though a second begins between them. */
const WRITTEN = new Date('2026-01-02T03:04:05Z');

/** A folder with files for a front, readable for workers of any user. */
export function makeFolder(files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-front-'));
  chmodSync(folder, 0o755);
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, 'latin1');
    utimesSync(path, WRITTEN, WRITTEN);
  }
  return folder;
}

/** Starts a front on the inside of an http block; resolves when its listeners accept. */
export async function startFront(
  kind: FrontKind,
  http: string,
  options: FrontOptions = {},
): Promise<Front> {
  const folder = makeFolder(options.files);
  const text = completeConfiguration(kind, http, options.main, options.connections);
  const ports = await portsFor(text);
  writeFileSync(join(folder, 'nginx.conf'), withPorts(text, ports), 'latin1');
  const { file, args } = kind.command(folder, join(folder, 'nginx.conf'));
  const child = spawn(file, args, { cwd: folder, stdio: ['ignore', 'inherit', 'pipe'] });
  const front = new RunningFront(child, folder, ports);
  try {
    for (const target of listeners(text)) {
      await front.accepts(typeof target === 'number' ? ports.get(target)! : join(folder, target));
    }
    // A socket that listens has no worker yet. Ours writes this file once one is ready.
    await front.writes('nginx.pid');
  } catch (error) {
    await front.stop();
    throw error;
  }
  return front;
}

const NAMED_PORT = /127\.0\.0\.1:(808\d)\b/g;

async function portsFor(text: string): Promise<Map<number, number>> {
  const named = new Set([...text.matchAll(NAMED_PORT)].map((match) => Number(match[1])));
  const free = await freePorts(named.size);
  return new Map([...named].map((name, i) => [name, free[i]!]));
}

function withPorts(text: string, ports: ReadonlyMap<number, number>): string {
  return text.replaceAll(NAMED_PORT, (_, name) => `127.0.0.1:${ports.get(Number(name))}`);
}

/** Named ports and socket paths that the configuration listens on. */
function listeners(text: string): (number | string)[] {
  const found = text.matchAll(/\blisten\s+(?:127\.0\.0\.1:(\d+)|unix:([^\s;]+))/g);
  return [...found].map(([, port, path]) => (port === undefined ? path! : Number(port)));
}

class RunningFront implements Front {
  readonly folder: string;
  private readonly child: ChildProcess;
  private readonly ports: ReadonlyMap<number, number>;
  private errors = '';
  private hasExited = false;
  private readonly exited: Promise<void>;
  private readonly killAtExit: () => void;

  constructor(child: ChildProcess, folder: string, ports: ReadonlyMap<number, number>) {
    this.child = child;
    this.folder = folder;
    this.ports = ports;
    child.stderr?.setEncoding('latin1').on('data', (text: string) => {
      this.errors += text;
    });
    this.exited = new Promise((resolve) => {
      const ended = (error?: unknown): void => {
        if (error instanceof Error) this.errors += error.message;
        this.hasExited = true;
        resolve();
      };
      child.once('exit', () => ended()).once('error', ended);
    });
    this.killAtExit = () => child.kill('SIGTERM');
    process.once('exit', this.killAtExit);
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port()}`;
  }

  port(named = 8080): number {
    const port = this.ports.get(named);
    if (port === undefined) throw new Error(`the configuration does not name port ${named}`);
    return port;
  }

  ask(request: string, named = 8080): Promise<RawResponse> {
    return ask(this.port(named), request);
  }

  read(name: string): string {
    try {
      return readFileSync(join(this.folder, name), 'latin1');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  }

  lines(
    name: string,
    isEnough: number | ((lines: readonly string[]) => boolean),
  ): Promise<string[]> {
    const isThere =
      typeof isEnough === 'number' ? (lines: string[]) => lines.length >= isEnough : isEnough;
    return until(() => this.read(name).split('\n').slice(0, -1), isThere, `lines in ${name}`);
  }

  says(name: string, pattern: RegExp): Promise<string> {
    return until(
      () => this.read(name),
      (text) => pattern.test(text),
      `${pattern} in ${name}`,
    );
  }

  stderr(): string {
    return this.errors;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Resolves when somebody accepts at a port or path; rejects where the front ends before. */
  accepts(target: number | string): Promise<void> {
    return this.comesTo(() => canConnect(target));
  }

  /** Resolves when a file of the folder has content; rejects where the front ends before. */
  writes(name: string): Promise<void> {
    return this.comesTo(() => this.read(name) !== '');
  }

  private async comesTo(holds: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await holds())) {
      if (this.hasExited || Date.now() > deadline) {
        throw new Error(`the front did not start:\n${this.errors}${this.read('error.log')}`);
      }
      await pause(LOOK_EVERY_MS);
    }
  }

  async stop(): Promise<void> {
    process.removeListener('exit', this.killAtExit);
    if (!this.hasExited) {
      this.child.kill('SIGTERM');
      const timer = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE_MS);
      await this.exited;
      clearTimeout(timer);
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
