/** The command line of `manage.ts`: a table of commands, their usage texts, and one run. */

import { parseArgs } from 'node:util';

/** An option of a command: `--name`, or `--name VALUE` where it names its value. */
export interface CommandOption {
  /** One letter: `n` for `-n`. */
  readonly short?: string;
  /** What its value is, in capitals: `LEVEL`; without it the option is given or not. */
  readonly value?: string;
  /** One line for the usage text. */
  readonly help: string;
}

/** An argument of a command; those that may be left out come last. */
export interface CommandParameter {
  readonly name: string;
  readonly isOptional?: boolean;
}

/** What a command was given. */
export interface CommandArguments {
  /** By name: true for an option without a value, undefined where it was not given. */
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  /** In the order of the command's parameters. */
  readonly parameters: readonly string[];
}

/** One command of `manage.ts`. */
export interface Command {
  readonly name: string;
  /** One line for the usage text. */
  readonly help: string;
  readonly options?: Readonly<Record<string, CommandOption>>;
  readonly parameters?: readonly CommandParameter[];
  run(given: CommandArguments): Promise<void>;
}

/** Ends a command with a message and without a stack: what its user can mend (Django's CommandError). */
export class CommandError extends Error {
  readonly code = 'ERR_COMMAND';
}

const PROGRAM = 'npm run manage --';
const HELP: CommandOption = { short: 'h', help: 'show this text' };

/** Usage of the whole: each command with its line. */
export function usageText(commands: readonly Command[]): string {
  const rows = commands.map(({ name, help }) => [name, help] as const);
  return `usage: ${PROGRAM} <command>\n\ncommands:\n${columns(rows)}\n${PROGRAM} help <command> shows the options of a command\n`;
}

/** Usage of one command: its parameters and options. */
export function commandUsage(command: Command): string {
  const { name, help, parameters = [], options = {} } = command;
  const words = parameters.map((one) => (one.isOptional ? `[${one.name}]` : `<${one.name}>`));
  const rows = Object.entries({ ...options, help: HELP }).map(
    ([option, one]) => [spell(option, one), one.help] as const,
  );
  const line = [`usage: ${PROGRAM} ${name}`, '[options]', ...words].join(' ');
  return `${line}\n\n${help}\n\noptions:\n${columns(rows)}`;
}

function spell(name: string, { short, value }: CommandOption): string {
  const long = value === undefined ? `--${name}` : `--${name} ${value}`;
  return short === undefined ? long : `-${short}, ${long}`;
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('');
}

/**
 * Runs the command that `args` names and returns the exit code: 0, or 1 where it failed, is unknown
 * or got arguments that it does not take. Without a command, or with `help`, prints the usage;
 * `help migrate` and `migrate --help` that of one command.
 */
export async function runCommand(
  commands: readonly Command[],
  args: readonly string[],
): Promise<number> {
  const [first = 'help', ...rest] = args;
  const isHelp = first === 'help' || first === '--help' || first === '-h';
  const name = isHelp ? rest[0] : first;
  if (name === undefined) {
    process.stdout.write(usageText(commands));
    return 0;
  }
  const command = commands.find((one) => one.name === name);
  if (command === undefined) {
    process.stderr.write(`unknown command "${name}"\n\n${usageText(commands)}`);
    return 1;
  }
  return runOne(command, isHelp ? ['--help'] : rest);
}

async function runOne(command: Command, args: readonly string[]): Promise<number> {
  try {
    const given = readArguments(command, args);
    if (given.options['help'] === true) process.stdout.write(commandUsage(command));
    else await command.run(given);
    return 0;
  } catch (error) {
    if (error instanceof CommandError) process.stderr.write(`${error.message}\n`);
    else console.error(`${command.name} failed:`, error);
    return 1;
  }
}

function readArguments(command: Command, args: readonly string[]): CommandArguments {
  const given = parse(command, args);
  if (given.options['help'] === true) return given;
  const { name, parameters = [] } = command;
  const count = given.parameters.length;
  if (count > parameters.length) {
    const most = parameters.length === 0 ? 'no arguments' : `at most ${parameters.length}`;
    throw new CommandError(`"${name}" takes ${most}, got "${given.parameters.join(' ')}"`);
  }
  const missing = parameters.slice(count).find((one) => !one.isOptional);
  if (missing !== undefined) throw new CommandError(`"${name}" requires <${missing.name}>`);
  return given;
}

function parse({ name, options = {} }: Command, args: readonly string[]): CommandArguments {
  const known = Object.entries({ ...options, help: HELP }).map(([option, { short, value }]) => {
    const type: 'string' | 'boolean' = value === undefined ? 'boolean' : 'string';
    return [option, short === undefined ? { type } : { type, short }] as const;
  });
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: Object.fromEntries(known),
      allowPositionals: true,
    });
    return { options: values as CommandArguments['options'], parameters: positionals };
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    // The first sentence says which option is wrong; what follows is advice on "--".
    const reason = cause.message.split(/\. |\n/)[0]!;
    throw new CommandError(`"${name}": ${reason.charAt(0).toLowerCase()}${reason.slice(1)}`, {
      cause,
    });
  }
}
