/** An error as people read it: what it says, what caused it, and the lines of code it came through. */

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A line of code with its number. */
export interface CodeLine {
  readonly number: number;
  readonly text: string;
}

/** A place in code or in a template. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Name of the function; '' where it has none. */
  readonly caller: string;
  /** The line itself and those around it; empty where there is no file to read. */
  readonly code: readonly CodeLine[];
}

/** One error of a chain. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  /** Where a template is wrong. */
  readonly template: Place | undefined;
  /** Places in code of the site, the innermost first. */
  readonly own: readonly Place[];
  /** Places in packages and in Node.js, without code. */
  readonly others: readonly Place[];
}

const LINES_AROUND = 5;
const LONGEST_CHAIN = 10;
const FRAME = /^\s+at (?:(.*?) \()?((?:file:\/\/|node:|\/)[^()]*):(\d+):(\d+)\)?$/;

/**
 * `error` and its causes, the outermost first. A cause that leads back to itself ends the chain.
 * Templates are looked for in `templateFolders`.
 */
export function failuresOf(error: unknown, templateFolders: readonly string[]): readonly Failure[] {
  const seen: unknown[] = [];
  let one = error;
  while (one !== undefined && !seen.includes(one) && seen.length < LONGEST_CHAIN) {
    seen.push(one);
    one = causeOf(one);
  }
  return seen.map((failed) => failureOf(failed, templateFolders));
}

function causeOf(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined;
  if (error.cause !== undefined) return error.cause;
  if (error instanceof AggregateError) return error.errors[0];
  // liquidjs keeps what a filter or tag threw under this name.
  return 'originalError' in error ? error.originalError : undefined;
}

function failureOf(error: unknown, templateFolders: readonly string[]): Failure {
  if (!(error instanceof Error)) {
    return { name: typeof error, message: String(error), template: undefined, own: [], others: [] };
  }
  const frames = (error.stack ?? '').split('\n').flatMap(readFrame);
  return {
    name: error.name,
    message: error.message,
    template: templatePlace(error, templateFolders),
    own: frames.filter(isOwn).map((frame) => ({ ...frame, code: readCode(frame) })),
    others: frames.filter((frame) => !isOwn(frame)),
  };
}

function readFrame(text: string): Place[] {
  const [, caller = '', at = '', line, column] = FRAME.exec(text) ?? [];
  if (at === '') return [];
  const file = at.startsWith('file:') ? fileURLToPath(at) : at;
  return [{ file, line: Number(line), column: Number(column), caller, code: [] }];
}

function isOwn({ file }: Place): boolean {
  return !file.startsWith('node:') && !file.includes('/node_modules/');
}

function readCode({ file, line }: Place): CodeLine[] {
  try {
    return linesAround(readFileSync(file, 'utf8'), line);
  } catch {
    // Code that was generated, or is gone: the page shows its place alone.
    return [];
  }
}

function linesAround(text: string, line: number): CodeLine[] {
  const first = Math.max(1, line - LINES_AROUND);
  return text
    .split('\n')
    .slice(first - 1, line + LINES_AROUND)
    .map((one, index) => ({ number: first + index, text: one }));
}

/** Errors of liquidjs know the token they are about. */
function templatePlace(error: Error, folders: readonly string[]): Place | undefined {
  if (!('token' in error)) return undefined;
  const token = error.token as {
    readonly input?: unknown;
    readonly file?: unknown;
    getPosition?(): readonly [line: number, column: number];
  } | null;
  if (typeof token?.input !== 'string' || token.getPosition === undefined) return undefined;
  const [line, column] = token.getPosition();
  const file = typeof token.file === 'string' ? token.file : fileOf(token.input, folders);
  return { file, line, column, caller: '', code: linesAround(token.input, line) };
}

/** The token of a variable knows the text of its template alone. */
function fileOf(text: string, folders: readonly string[]): string {
  const files = folders.flatMap((folder) =>
    globSync('**/*.html', { cwd: folder }).map((name) => join(folder, name)),
  );
  return files.find((file) => readFileSync(file, 'utf8') === text) ?? 'a template';
}
