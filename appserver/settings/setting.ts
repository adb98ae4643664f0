/** What a row of the settings tables is. */

/** Sections of Gunicorn's settings reference. */
export type Section =
  | 'Config File'
  | 'Server Socket'
  | 'Worker Processes'
  | 'Security'
  | 'Server Mechanics'
  | 'Logging'
  | 'Process Naming'
  | 'Debugging';

/**
 * How the command line reads the option, in argparse's words. `int` and `auto_int` refuse anything
 * else with status 2 (`auto_int` also reads 0o22, 022 and 0x12); `flag` takes no argument; `append`
 * may be given several times.
 */
export type CliKind = 'string' | 'int' | 'auto_int' | 'flag' | 'append';

/** One setting. The row is the only place for its name, unit, default, check and text. */
export interface Setting<Name extends string = string, T = unknown> {
  readonly name: Name;
  readonly section: Section;
  /** Options, short form first; none where only the configuration file can set it. */
  readonly cli?: readonly string[];
  readonly kind?: CliKind;
  /** What the help shows for the option's argument. */
  readonly meta?: string;
  readonly default: T;
  /** A variable of the environment that gives the default, and how it is read. */
  readonly environment?: {
    readonly variable: string;
    read(value: string): unknown;
  };
  /** Unit of the value: `seconds`, `bytes`, ... */
  readonly unit?: string;
  /** Reads a value from any source. Throws SettingError with Gunicorn's text. */
  check(value: unknown): T;
  /** Markdown. The first sentence is what `--help` shows. */
  readonly doc: string;
}

/** Declares a row; infers its name and the type of its value. */
export function setting<const Name extends string, T>(row: Setting<Name, T>): Setting<Name, T> {
  return row;
}

/** The long option, by which messages name a setting. */
export function longOption(row: Setting): string | undefined {
  return row.cli?.find((option) => option.startsWith('--'));
}
