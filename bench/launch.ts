/** Starts processes on a core of their own, and ends every one of them whatever happens. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { familyOf } from './measure/processes.ts';

/** A program, its arguments and where it runs. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A process that runs until it is ended. */
export interface Launched {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Where its output goes. */
  readonly logFile: string;
}

const live = new Set<Launched>();
const END_TIMEOUT_MS = 3000;

/**
 * Starts a command pinned to a core, with as many descriptors as the machine allows, output to
 * `logFile`. `sh` and `taskset` replace themselves, so the pid is that of the program.
 */
export function launch(command: Command, core: number, logFile: string): Launched {
  const log = openSync(logFile, 'a');
  const script = 'ulimit -Sn "$(ulimit -Hn)"; exec taskset -c "$0" "$@"';
  const child = spawn('sh', ['-c', script, String(core), command.file, ...command.args], {
    cwd: command.cwd,
    env: { ...process.env, ...command.env },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  if (child.pid === undefined) throw new Error(`cannot start ${command.file}`);
  const launched = { pid: child.pid, child, logFile };
  live.add(launched);
  return launched;
}

/** Whether the process is gone by itself. */
export function hasEnded(launched: Launched): boolean {
  return launched.child.exitCode !== null || launched.child.signalCode !== null;
}

/** Ends a process and its descendants: TERM first, KILL for whoever is left. */
export async function end(launched: Launched): Promise<void> {
  const family = familyOf(launched.pid);
  if (!hasEnded(launched)) {
    const exited = new Promise<void>((resolve) => launched.child.once('exit', () => resolve()));
    launched.child.kill('SIGTERM');
    const timer = setTimeout(() => killAll(family), END_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  }
  killAll(family.slice(1));
  live.delete(launched);
}

/** Ends everything that still runs. */
export async function endAll(): Promise<void> {
  await Promise.all([...live].map(end));
}

/** Makes sure that nothing outlives this process, also where it is interrupted. */
export function endWithThisProcess(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => process.exit(130));
  }
  process.on('exit', () => {
    for (const launched of live) killAll(familyOf(launched.pid));
  });
}

/** Runs a program to its end and gives its output; throws with what it said where it fails. */
export function runToEnd(
  file: string,
  args: readonly string[],
  options: { readonly timeoutMs: number; readonly input?: string },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const limits = { timeout: options.timeoutMs, maxBuffer: 1 << 24 };
    const child = execFile(file, args, limits, (problem, stdout, stderr) => {
      if (problem === null) resolve(stdout);
      else reject(new Error(`${file} failed: ${stderr.trim() || problem.message}`));
    });
    // A program that ends without reading says so by its exit status.
    child.stdin?.on('error', () => undefined);
    if (options.input === undefined) child.stdin?.end();
    else child.stdin?.end(options.input);
  });
}

/** The last lines of what a process printed. */
export function lastWords(launched: Launched): string {
  return readFileSync(launched.logFile, 'utf8').trim().split('\n').slice(-8).join('\n');
}

function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it ended by itself in the meantime
    }
  }
}
