/** Readers of values; each throws SettingError with Gunicorn's text (gunicorn/config.py validate_*). */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { SettingError } from '../errors.ts';

/** A value as Python would show it, since Gunicorn's texts do. */
export function showValue(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `[${value.map(quoteValue).join(', ')}]`;
  if (typeof value === 'object') {
    const pairs = Object.entries(value).map(([k, v]) => `${quoteValue(k)}: ${quoteValue(v)}`);
    return `{${pairs.join(', ')}}`;
  }
  return String(value);
}

/** The same, with strings in single quotes. */
export function quoteValue(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : showValue(value);
}

/** A whole number in decimal, hexadecimal, octal or binary; `undefined` where it is none. */
export function readInteger(text: string): number | undefined {
  const trimmed = text.trim();
  const match = /^([+-]?)(0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+|\d+)$/.exec(trimmed);
  if (match === null) return undefined;
  const size = Number(match[2]);
  return match[1] === '-' ? 0 - size : size;
}

export function checkPositiveInteger(value: unknown): number {
  const number = typeof value === 'string' ? readInteger(value) : value;
  if (typeof value === 'string' && number === undefined) {
    throw new SettingError(`invalid literal for int() with base 0: ${quoteValue(value)}`);
  }
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) {
    throw new SettingError(`Value must be an integer: ${showValue(value)}`);
  }
  if (number < 0) throw new SettingError(`Value must be positive: ${number}`);
  return number;
}

export function checkString(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'string') throw new SettingError(`Not a string: ${showValue(value)}`);
  return value.trim();
}

export function checkRequiredString(value: unknown): string {
  const text = checkString(value);
  if (text === null) throw new SettingError('Not a string: None');
  return text;
}

export function checkBoolean(value: unknown): boolean {
  if (value === null || value === undefined) return false;
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') {
    throw new SettingError(`Invalid type for casting: ${showValue(value)}`);
  }
  const word = value.trim().toLowerCase();
  if (word === 'true') return true;
  if (word === 'false') return false;
  throw new SettingError(`Invalid boolean: ${value}`);
}

export function checkListOfStrings(value: unknown): readonly string[] {
  if (value === null || value === undefined || value === '') return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map(checkRequiredString);
}

/** A list written with commas in one string. */
export function checkStringToList(value: unknown): readonly string[] {
  if (Array.isArray(value)) return checkListOfStrings(value);
  const text = checkString(value);
  if (text === null) return [];
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

export function checkTable(value: unknown): Readonly<Record<string, string>> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new SettingError(`Value is not a dictionary: ${showValue(value)} `);
  }
  const table: Record<string, string> = {};
  for (const [name, item] of Object.entries(value)) table[name] = checkRequiredString(item);
  return table;
}

/** A folder that exists, as an absolute path. */
export function checkFolder(value: unknown): string {
  const text = checkRequiredString(value);
  const path = resolve(text);
  if (!existsSync(path)) throw new SettingError(`can't chdir to ${quoteValue(text)}`);
  return path;
}

/** `KEY=VALUE` pairs. */
export function checkEnvironment(value: unknown): readonly string[] {
  const list = checkListOfStrings(value);
  for (const pair of list) {
    if (!pair.includes('=')) {
      throw new SettingError(`environment setting ${quoteValue(pair)} invalid`);
    }
  }
  return list;
}

/** One of a closed set of words, case ignored. */
export function checkWord(name: string, words: readonly string[]): (value: unknown) => string {
  return (value) => {
    const word = checkRequiredString(value).toLowerCase();
    if (!words.includes(word)) {
      throw new SettingError(
        `Invalid ${name}: ${quoteValue(word)}, expected one of ${words.join(', ')}`,
      );
    }
    return word;
  };
}
