/**
 * `tandem-proxy`: nginx's command line on the front tier. Tests a configuration, sends a signal to a
 * running master, or becomes the master.
 */
import { resolve } from 'node:path';
import { config as loadDotenv } from 'dotenv';
import { daemonize } from '../prefork/daemonize.ts';
import { isAlive, readPid } from '../prefork/pidfile.ts';
import type { SignalQueue } from '../prefork/signals.ts';
import { type CommandLine, readCommandLine, SIGNAL_WORDS, USAGE } from './command-line.ts';
import { ConfigError } from './config/directive.ts';
import { dumpText } from './config/dump.ts';
import { systemFailure, toByteString } from './config/paths.ts';
import { type Cycle, type CycleSource, loadCycle } from './cycle.ts';
import { SERVER_FULL } from './http/reply.ts';
import { ProxyMaster } from './master.ts';

/** The nginx whose documentation this proxy follows. */
const FOLLOWS = 'nginx/1.31';

/**
 * Runs with the words after the program's name; resolves with the exit code. `isDaemon` says that
 * this process was started by `daemonize`.
 */
export async function main(
  words: readonly string[],
  signals: SignalQueue,
  isDaemon: boolean,
): Promise<number> {
  // The environment itself wins over the file.
  loadDotenv({ quiet: true });
  const line = readCommandLine(words);
  if (typeof line === 'string') {
    say(`nginx: ${line}`);
    return 1;
  }
  if (line.showVersion) {
    showVersion(line);
    return 0;
  }
  const source = sourceOf(line);
  let cycle: Cycle;
  try {
    cycle = loadCycle(source);
    if (line.tests) checkLogs(cycle);
  } catch (error) {
    return refuse(line, source, error);
  }
  for (const warning of cycle.warnings) say(`nginx: [warn] ${warning}`);
  if (line.tests) return reportTest(line, source, cycle);
  if (line.signal !== '') return sendSignal(line.signal, cycle.main.pid);
  if (cycle.main.daemon && !isDaemon) return daemonize();
  return new ProxyMaster(cycle, signals, isDaemon).run();
}

function sourceOf(line: CommandLine): CycleSource {
  const prefix = resolve(line.prefix ?? '.');
  return {
    prefix: prefix.endsWith('/') ? prefix : `${prefix}/`,
    file: resolve(prefix, line.file ?? 'nginx.conf'),
    directives: line.directives,
    errorLog:
      line.errorLog === undefined || line.errorLog === 'stderr'
        ? line.errorLog
        : resolve(prefix, line.errorLog),
  };
}

function checkLogs(cycle: Cycle): void {
  const logs = cycle.http?.load.logs;
  logs?.openAll();
  logs?.close();
}

/** Says why a configuration does not serve; the words are nginx's. */
function refuse(line: CommandLine, source: CycleSource, error: unknown): number {
  say(`nginx: [emerg] ${messageOf(error)}`);
  if (line.tests) say(`nginx: configuration file ${toByteString(source.file)} test failed`);
  return 1;
}

/** The message of an error in configuration or with a log file; anything else is a defect. */
export function messageOf(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof Error && 'path' in error) {
    return systemFailure('open', toByteString(String(error.path)), error);
  }
  throw error;
}

function reportTest(line: CommandLine, source: CycleSource, cycle: Cycle): number {
  const file = toByteString(source.file);
  if (!line.isQuiet) {
    say(`nginx: the configuration file ${file} syntax is ok`);
    say(`nginx: configuration file ${file} test is successful`);
  }
  if (line.dumps) process.stdout.write(dumpText(cycle.root.load), 'latin1');
  return 0;
}

function showVersion(line: CommandLine): void {
  say(`nginx version: ${SERVER_FULL} (follows ${FOLLOWS})`);
  if (line.showHelp) process.stderr.write(USAGE);
  if (line.showConfigure) {
    say(`built with Node.js ${process.versions.node}, V8 ${process.versions.v8}`);
    say('configure arguments: none, everything is TypeScript');
  }
}

/** nginx `ngx_signal_process`. */
function sendSignal(word: string, pidFile: string): number {
  let content: ReturnType<typeof readPid>;
  try {
    content = readPid(pidFile);
  } catch (error) {
    say(`nginx: [error] ${systemFailure('open', pidFile, error)}`);
    return 1;
  }
  if ('invalid' in content) {
    say(`nginx: [error] invalid PID number "${content.invalid}" in "${pidFile}"`);
    return 1;
  }
  if (!isAlive(content.pid)) {
    say(`nginx: [alert] kill(${content.pid}, ${SIGNAL_NUMBERS[word]}) failed (3: No such process)`);
    return 1;
  }
  process.kill(content.pid, SIGNAL_WORDS[word]);
  return 0;
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  stop: 15,
  quit: 3,
  reopen: 10,
  reload: 1,
};

function say(text: string): void {
  process.stderr.write(Buffer.from(`${text}\n`, 'latin1'));
}
