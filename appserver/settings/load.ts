/**
 * Resolves the settings from their four sources. Low to high: the environment's single variables,
 * the configuration file, TANDEM_APPSERVER_CMD_ARGS, the command line. Gunicorn: app/base.py
 * load_config.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { SettingError } from '../errors.ts';
import { withPlaces } from '../syntax-errors.ts';
import { quoteValue, showValue } from './checks.ts';
import { type CommandLine, parseCommandLine, splitArguments } from './command-line.ts';
import { importAnew } from './fresh-import.ts';
import { MISSING_SETTINGS, refusalOf } from './not-yet.ts';
import { SETTINGS, type Settings } from './table.ts';

/** The variable that holds arguments to add, the counterpart of GUNICORN_CMD_ARGS. */
export const CMD_ARGS_VARIABLE = 'TANDEM_APPSERVER_CMD_ARGS';

const DEFAULT_CONFIG_FILES = ['appserver.config.ts', 'appserver.config.js', 'appserver.config.mjs'];

/** Settings, and what was odd about their sources. */
export interface LoadedSettings {
  readonly settings: Settings;
  /** Absolute path of the configuration file that was read. */
  readonly configPath: string | undefined;
  readonly warnings: readonly string[];
}

/**
 * Resolves settings for a command line and an environment, and changes the working directory to
 * `chdir`. `folder` is where the program was started: relative paths of the sources stand against
 * it. `serial` above 0 reads the configuration file anew: 1 for the first reload, and so on. Throws
 * SettingError, UsageError or ConfigFileError.
 */
export async function loadSettings(
  commandLine: CommandLine,
  environment: NodeJS.ProcessEnv,
  options: { readonly folder: string; readonly serial: number },
): Promise<LoadedSettings> {
  process.chdir(options.folder);
  const fromEnvironment = parseCommandLine(splitArguments(environment[CMD_ARGS_VARIABLE] ?? ''));
  const values = new Map<string, unknown>();
  for (const row of SETTINGS) values.set(row.name, defaultOf(row, environment));

  const warnings: string[] = [];
  const configPath = findConfigFile(
    commandLine.values.get('config') ?? fromEnvironment.values.get('config'),
  );
  if (configPath !== undefined) {
    const exports = await importConfigFile(configPath, options.serial);
    readConfigFile(exports, configPath, values, warnings);
  }
  for (const source of [fromEnvironment, commandLine]) {
    for (const [name, value] of source.values) values.set(name, check(name, value));
  }
  const app = commandLine.positionals[0] ?? fromEnvironment.positionals[0];
  if (app !== undefined) values.set('wsgi_app', app);
  process.chdir(String(values.get('chdir')));
  return { settings: Object.fromEntries(values) as Settings, configPath, warnings };
}

function defaultOf(row: (typeof SETTINGS)[number], environment: NodeJS.ProcessEnv): unknown {
  const source = row.environment;
  const value = source && environment[source.variable];
  if (source === undefined || value === undefined || value === '') return row.check(row.default);
  try {
    return row.check(source.read(value));
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    throw new SettingError(`${error.message} (in the variable ${source.variable})`);
  }
}

function check(name: string, value: unknown): unknown {
  return SETTINGS.find((row) => row.name === name)?.check(value);
}

function findConfigFile(given: unknown): string | undefined {
  if (typeof given === 'string') {
    const path = given.startsWith('file:') ? given.slice('file:'.length) : given;
    if (!existsSync(path)) throw new SettingError(`${quoteValue(path)} doesn't exist`);
    return resolve(path);
  }
  return DEFAULT_CONFIG_FILES.map((name) => resolve(name)).find((path) => existsSync(path));
}

/** The configuration file threw, or is no module. `cause` is what it threw. */
export class ConfigFileError extends Error {
  override readonly name = 'ConfigFileError';
  readonly code = 'ERR_APPSERVER_CONFIG_FILE';
}

async function importConfigFile(path: string, serial: number): Promise<Record<string, unknown>> {
  try {
    const { default: whole, ...named } = await withPlaces(() => importAnew(path, serial));
    const isTable = whole !== null && typeof whole === 'object' && !Array.isArray(whole);
    return isTable ? { ...whole, ...named } : named;
  } catch (cause) {
    throw new ConfigFileError(`Failed to read config file: ${path}`, { cause });
  }
}

function readConfigFile(
  exports: Readonly<Record<string, unknown>>,
  path: string,
  values: Map<string, unknown>,
  warnings: string[],
): void {
  for (const [name, value] of Object.entries(exports)) {
    if (name === 'module.exports') continue; // what Node adds to a CommonJS module
    const missing = MISSING_SETTINGS.find((row) => row.name === name);
    if (missing !== undefined) throw new SettingError(`${refusalOf(missing)} (in ${path})`);
    if (!values.has(name)) {
      // Gunicorn ignores unknown names in silence, since every variable of a Python file is one.
      warnings.push(`unknown setting "${name}" ignored in ${path}`);
      continue;
    }
    try {
      values.set(name, check(name, value));
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      throw new SettingError(
        `Invalid value for ${name}: ${showValue(value)}\n\nError: ${error.message}`,
      );
    }
  }
}

/** What `--print-config` prints: one setting a line, sorted, aligned. */
export function printSettings(settings: Settings): string {
  const names = Object.keys(settings).sort();
  const width = Math.max(...names.map((name) => name.length));
  const table: Readonly<Record<string, unknown>> = settings;
  return names.map((name) => `${name.padEnd(width)} = ${showValue(table[name])}\n`).join('');
}
