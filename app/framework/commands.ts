/** The command line of `manage.ts`: a table of commands, its usage text, and one run. */

/** One command of `manage.ts`. */
export interface Command {
  readonly name: string;
  /** One line for the usage text. */
  readonly help: string;
  run(): Promise<void>;
}

/** Usage of the whole: each command with its line. */
export function usageText(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, help }) => `  ${name.padEnd(width)}  ${help}`);
  return `usage: node app/manage.ts <command>\n\ncommands:\n${lines.join('\n')}\n`;
}

/**
 * Runs the command that `args` names and returns the exit code: 0, or 1 where it failed, is unknown
 * or got arguments that it does not take. Without a command, or with `help`, prints the usage.
 */
export async function runCommand(
  commands: readonly Command[],
  args: readonly string[],
): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(usageText(commands));
    return 0;
  }
  const command = commands.find((one) => one.name === name);
  if (command === undefined) {
    process.stderr.write(`unknown command "${name}"\n\n${usageText(commands)}`);
    return 1;
  }
  if (rest.length > 0) {
    process.stderr.write(`"${name}" takes no arguments, got "${rest.join(' ')}"\n`);
    return 1;
  }
  return report(command);
}

async function report(command: Command): Promise<number> {
  try {
    await command.run();
    return 0;
  } catch (error) {
    console.error(`${command.name} failed:`, error);
    return 1;
  }
}
