/** The program `tandem-appserver`: reads its settings, then runs the pool. */
import { inspect } from 'node:util';
import { SignalQueue } from '../prefork/signals.ts';
import { installFetchGlobals } from './apps/fetch/globals.ts';
import { findApp } from './apps/find-app.ts';
import { ListenTakeover } from './apps/listen-takeover.ts';
import { runArbiter } from './arbiter.ts';
import { AppLoadError, SettingError, UsageError } from './errors.ts';
import { compileAccessFormat } from './logging/access-format.ts';
import { parseBind } from './settings/address.ts';
import { type CommandLine, parseCommandLine } from './settings/command-line.ts';
import { EnvFile } from './settings/env-file.ts';
import { renderHelp, USAGE } from './settings/help.ts';
import {
  ConfigFileError,
  type LoadedSettings,
  loadSettings,
  printSettings,
} from './settings/load.ts';
import type { Settings } from './settings/table.ts';
import { validateApp } from './validate/validate.ts';
import { VERSION } from './version.ts';
import { Forwarded } from './worker/forwarded.ts';

const FAILED = 1;
const USAGE_FAILED = 2;

export interface ProgramOptions {
  /** Seconds a worker has at least to become ready; 30 where left out. */
  readonly bootFloorSeconds?: number;
}

/**
 * Runs the program with the arguments after its name; answers the exit code. A launcher may catch
 * signals before this module is loaded and pass its queue.
 */
export async function main(
  argv: readonly string[],
  signals: SignalQueue = new SignalQueue(),
  options: ProgramOptions = {},
): Promise<number> {
  const envFile = new EnvFile('.env', process.env);
  envFile.load();
  try {
    return await run(parseCommandLine(argv), envFile, signals, options);
  } catch (error) {
    return reportFailure(error);
  } finally {
    signals.close();
  }
}

async function run(
  commandLine: CommandLine,
  envFile: EnvFile,
  signals: SignalQueue,
  options: ProgramOptions,
): Promise<number> {
  if (commandLine.action === 'help') return print(renderHelp());
  if (commandLine.action === 'version') return print(`tandem-appserver (version ${VERSION})\n`);
  const folder = process.cwd();
  let serial = 0;
  const load = async (): Promise<LoadedSettings> => {
    const loaded = await loadSettings(commandLine, process.env, { folder, serial });
    serial += 1;
    checkTogether(loaded.settings);
    return loaded;
  };
  const reload = async (): Promise<LoadedSettings> => {
    const undo = envFile.load();
    try {
      return await load();
    } catch (error) {
      undo();
      throw error;
    }
  };
  const loaded = await load();
  const { settings } = loaded;
  if (settings.print_config) print(printSettings(settings));
  if (settings.print_config || settings.check_config) {
    // What the application has opened must not keep the program.
    process.exit(await checkApp(settings));
  }
  const { bootFloorSeconds } = options;
  if (settings.validate) return validateApp(settings, signals, bootFloorSeconds);
  process.title = `tandem-appserver: master [${settings.proc_name ?? settings.wsgi_app}]`;
  return runArbiter({ loaded, reload, signals, bootFloorSeconds });
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

/** What is wrong only when it is used: found before a worker is. */
function checkTogether(settings: Settings): void {
  if (settings.wsgi_app === null) {
    throw new SettingError(
      'No application module specified.\nName it, as in tandem-appserver server:app, or as wsgi_app in appserver.config.ts.',
    );
  }
  for (const address of settings.bind) parseBind(address);
  compileAccessFormat(settings.access_log_format);
  new Forwarded(settings);
}

async function checkApp(settings: Settings): Promise<number> {
  try {
    installFetchGlobals();
    const takeover = ListenTakeover.install({ info: () => {}, warning: () => {} });
    await findApp(settings.wsgi_app ?? '', process.cwd(), takeover);
    return 0;
  } catch (error) {
    const text = error instanceof AppLoadError ? error.message : inspect(error);
    process.stderr.write(`\nError while loading the application:\n\n${text}\n`);
    return FAILED;
  }
}

function reportFailure(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`${USAGE}\ntandem-appserver: error: ${error.message}\n`);
    return USAGE_FAILED;
  }
  if (error instanceof ConfigFileError) {
    process.stderr.write(`${error.message}\n${inspect(error.cause)}\n`);
    return FAILED;
  }
  const isPlain = error instanceof Error && 'code' in error;
  process.stderr.write(`\nError: ${isPlain ? error.message : inspect(error)}\n`);
  return FAILED;
}
