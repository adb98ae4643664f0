/**
 * Reads a command line by the settings table, as Python's argparse reads Gunicorn's: `-w4`, `-w 4`,
 * `--workers=4`, abbreviations that are not ambiguous, `--`; with argparse's messages.
 */
import { SettingError, UsageError } from '../errors.ts';
import { quoteValue, readInteger } from './checks.ts';
import { MISSING_SETTINGS, refusalOf } from './not-yet.ts';
import type { CliKind } from './setting.ts';
import { SETTINGS } from './table.ts';

/** What a command line says. Values are as read by the option's kind; the table's check comes later. */
export interface CommandLine {
  readonly values: ReadonlyMap<string, unknown>;
  /** Arguments that are no options: the application first. */
  readonly positionals: readonly string[];
  readonly action: 'run' | 'help' | 'version';
}

interface Option {
  readonly name: string;
  readonly cli: readonly string[];
  readonly kind: CliKind;
  /** Set where using it is refused. */
  readonly refusal?: string;
}

const HELP: Option = { name: 'help', cli: ['-h', '--help'], kind: 'flag' };
const VERSION: Option = { name: 'version', cli: ['-v', '--version'], kind: 'flag' };

const OPTIONS = new Map<string, Option>();
for (const option of [HELP, VERSION, ...supported(), ...missing()]) {
  for (const spelling of option.cli) OPTIONS.set(spelling, option);
}

function* supported(): Iterable<Option> {
  for (const row of SETTINGS) {
    if (row.cli) yield { name: row.name, cli: row.cli, kind: row.kind ?? 'string' };
  }
}

function* missing(): Iterable<Option> {
  for (const row of MISSING_SETTINGS) {
    const kind = row.takesValue ? 'string' : 'flag';
    yield { name: row.name, cli: row.cli, kind, refusal: refusalOf(row) };
  }
}

/**
 * Reads `args`, the arguments after the program's name. Throws UsageError in argparse's words, or
 * SettingError for a setting of Gunicorn's that is not there.
 */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const values = new Map<string, unknown>();
  const positionals: string[] = [];
  const unknown: string[] = [];
  let index = 0;
  while (index < args.length) {
    const argument = args[index++]!;
    if (argument === '--') {
      positionals.push(...args.slice(index));
      break;
    }
    if (!looksLikeOption(argument)) {
      positionals.push(argument);
      continue;
    }
    const found = findOption(argument);
    if (found === undefined) {
      unknown.push(argument);
      continue;
    }
    const { option, attached } = found;
    if (option === HELP || option === VERSION) {
      return { values, positionals, action: option === HELP ? 'help' : 'version' };
    }
    let value = attached;
    if (option.kind !== 'flag' && value === undefined) {
      const next = args[index];
      if (next === undefined || next === '--' || looksLikeOption(next)) {
        throw new UsageError(`argument ${option.cli.join('/')}: expected one argument`);
      }
      value = next;
      index += 1;
    }
    if (option.refusal !== undefined) throw new SettingError(option.refusal);
    store(values, option, value);
  }
  if (unknown.length > 0) throw new UsageError(`unrecognized arguments: ${unknown.join(' ')}`);
  return { values, positionals, action: 'run' };
}

/** argparse: an argument that starts with a dash is an option, unless it is a number or a lone dash. */
function looksLikeOption(argument: string): boolean {
  return argument.length > 1 && argument[0] === '-' && !/^-\d+$|^-\d*\.\d+$/.test(argument);
}

function findOption(
  argument: string,
): { option: Option; attached: string | undefined } | undefined {
  const exact = OPTIONS.get(argument);
  if (exact) return { option: exact, attached: undefined };
  if (!argument.startsWith('--')) return findShort(argument);
  const equals = argument.indexOf('=');
  const spelled = equals === -1 ? argument : argument.slice(0, equals);
  const option = OPTIONS.get(spelled) ?? findAbbreviated(spelled);
  if (option === undefined) return undefined;
  const attached = equals === -1 ? undefined : argument.slice(equals + 1);
  if (attached !== undefined && option.kind === 'flag') {
    throw new UsageError(
      `argument ${option.cli.join('/')}: ignored explicit argument ${quoteValue(attached)}`,
    );
  }
  return { option, attached };
}

function findAbbreviated(spelled: string): Option | undefined {
  const matches = [...OPTIONS.keys()].filter((spelling) => spelling.startsWith(spelled));
  if (matches.length > 1) {
    throw new UsageError(`ambiguous option: ${spelled} could match ${matches.join(', ')}`);
  }
  return matches.length === 1 ? OPTIONS.get(matches[0]!) : undefined;
}

function findShort(argument: string): { option: Option; attached: string | undefined } | undefined {
  const option = OPTIONS.get(argument.slice(0, 2));
  if (option === undefined) return undefined;
  const rest = argument.slice(2);
  if (option.kind === 'flag') {
    throw new UsageError(
      `argument ${option.cli.join('/')}: ignored explicit argument ${quoteValue(rest)}`,
    );
  }
  return { option, attached: rest.startsWith('=') ? rest.slice(1) : rest };
}

function store(values: Map<string, unknown>, option: Option, value: string | undefined): void {
  if (option.kind === 'flag') {
    values.set(option.name, true);
  } else if (option.kind === 'append') {
    const list = (values.get(option.name) ?? []) as string[];
    values.set(option.name, [...list, value]);
  } else if (option.kind === 'string') {
    values.set(option.name, value);
  } else {
    values.set(option.name, readNumber(option, value ?? ''));
  }
}

/** argparse calls Python's int(), which reads decimal only; auto_int reads 022 as octal too. */
function readNumber(option: Option, text: string): number {
  const trimmed = text.trim();
  const number =
    option.kind === 'int'
      ? /^[+-]?\d+$/.test(trimmed)
        ? Number(trimmed)
        : undefined
      : readInteger(trimmed.replace(/^0(?=\d)/, '0o'));
  if (number === undefined) {
    throw new UsageError(
      `argument ${option.cli.join('/')}: invalid ${option.kind} value: ${quoteValue(text)}`,
    );
  }
  return number;
}

/** Splits a string into arguments as a shell does: blanks, quotes and backslashes. */
export function splitArguments(text: string): string[] {
  const args: string[] = [];
  let current: string | undefined;
  const pattern = /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|(\s+)|([^\s'"\\]+)|(["'\\])/gs;
  for (const [, single, double, escaped, blank, plain, stray] of text.matchAll(pattern)) {
    if (stray !== undefined) throw new SettingError('No closing quotation');
    if (blank !== undefined) {
      if (current !== undefined) args.push(current);
      current = undefined;
      continue;
    }
    const piece = single ?? double?.replace(/\\(["\\])/g, '$1') ?? escaped ?? plain ?? '';
    current = (current ?? '') + piece;
  }
  if (current !== undefined) args.push(current);
  return args;
}
