/**
 * `tandem-proxy`: nginx's command line on the front tier. Tests a configuration, sends a signal to a
 * running master, or becomes the master.
 */
import { resolve } from 'node:path';
import { config as loadDotenv } from 'dotenv';
import { daemonize, mustStay } from '../prefork/daemonize.ts';
import type { SignalQueue } from '../prefork/signals.ts';
import { type CommandLine, readCommandLine, USAGE } from './command-line.ts';
import { ConfigError } from './config/directive.ts';
import { dumpText } from './config/dump.ts';
import { systemFailure, toByteString } from './config/paths.ts';
import { surveyText } from './config/survey.ts';
import { type Cycle, type CycleSource, loadCycle, surveyCycle } from './cycle.ts';
import { EarlyLog } from './early-log.ts';
import { SERVER_FULL } from './http/version.ts';
import { CRIT, EMERG, WARN } from './log/error-log.ts';
import { ProxyMaster } from './master.ts';
import { signalMaster } from './signal-process.ts';
import { checkPidFile, checkStart, fileLimitWarning } from './start-checks.ts';

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
  const log = new EarlyLog(source.errorLog);
  try {
    return await mainWith(line, source, log, signals, isDaemon);
  } finally {
    log.close();
  }
}

async function mainWith(
  line: CommandLine,
  source: CycleSource,
  log: EarlyLog,
  signals: SignalQueue,
  isDaemon: boolean,
): Promise<number> {
  const file = toByteString(source.file);
  let cycle: Cycle;
  try {
    // A daemon's warnings were seen before it was started.
    cycle = loadCycle(source, (text) => isDaemon || log.write(WARN, text));
    if (line.tests && !line.isQuiet) say(`nginx: the configuration file ${file} syntax is ok`);
    checkStart(cycle);
    const warning = fileLimitWarning(cycle);
    if (warning !== undefined && line.signal === '' && !isDaemon) log.write(WARN, warning);
    if (line.tests) checkPidFile(cycle.main.pid);
  } catch (error) {
    log.write(levelOf(error), messageOf(error));
    if (line.tests) {
      sayFurther(source, messageOf(error));
      say(`nginx: configuration file ${file} test failed`);
    }
    return 1;
  }
  if (line.tests) {
    if (!line.isQuiet) say(`nginx: configuration file ${file} test is successful`);
    if (line.dumps) process.stdout.write(dumpText(cycle.root.load), 'latin1');
    return 0;
  }
  if (line.signal !== '') return signalMaster(line.signal, cycle.main.pid, log);
  log.close();
  if (cycle.main.daemon && !isDaemon && !mustStay()) return daemonize();
  return new ProxyMaster(cycle, signals, isDaemon).run();
}

/** nginx names one thing per run; what Tandem lacks is named all at once. */
function sayFurther(source: CycleSource, first: string): void {
  const isColoured = process.stderr.isTTY === true && !process.env['NO_COLOR'];
  const text = surveyText(surveyCycle(source), first, isColoured);
  process.stderr.write(Buffer.from(text, 'latin1'));
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

function levelOf(error: unknown): number {
  return error instanceof ConfigError && error.level === 'crit' ? CRIT : EMERG;
}

/** The message of an error in configuration or with a log file; anything else is a defect. */
export function messageOf(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof Error && 'path' in error) {
    return systemFailure('open', toByteString(String(error.path)), error);
  }
  throw error;
}

function showVersion(line: CommandLine): void {
  say(`nginx version: ${SERVER_FULL} (follows ${FOLLOWS})`);
  if (line.showHelp) process.stderr.write(USAGE);
  if (line.showConfigure) {
    say(`built with Node.js ${process.versions.node}, V8 ${process.versions.v8}`);
    say('configure arguments: none, everything is TypeScript');
  }
}

function say(text: string): void {
  process.stderr.write(Buffer.from(`${text}\n`, 'latin1'));
}
