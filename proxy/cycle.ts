/**
 * One loaded configuration: read, checked and compiled. The master makes one to learn what to bind
 * and start; each thread makes its own from the same text, since steps cannot cross threads.
 */
import type { Scope } from './config/directive.ts';
import { toByteString } from './config/paths.ts';
import { type ConfigReader, makeReader } from './config/read.ts';
import { makeLoad, rootScope } from './config/scope.ts';
import { type Obstacle, survey } from './config/survey.ts';
import { compileHttp, type HttpRuntime } from './http/compile.ts';
import { core } from './http/core.ts';
import type { CoreConf } from './http/core-conf.ts';
import { giveVariables } from './http/load.ts';
import { builtInMimeTypes } from './http/mime-types.ts';
import { ERROR } from './log/error-log.ts';
import { type MainConf, mainConf, mainRows } from './main-conf.ts';
import { HTTP_MODULES } from './modules/order.ts';

/** What a cycle is made from: nginx's -p, -c, -g and the text of the files where it is known. */
export interface CycleSource {
  /** Absolute, with a final slash. */
  readonly prefix: string;
  /** The main file, absolute. */
  readonly file: string;
  /** Directives given with `-g`, or ''. */
  readonly directives: string;
  /** Error log of `-e`, absolute or `stderr`; holds where the file names none. */
  readonly errorLog: string | undefined;
  /** Text of every file as the master read it, by full name; a thread must not read newer ones. */
  readonly files?: ReadonlyMap<string, string>;
}

/** See the top of the file. */
export interface Cycle {
  readonly source: CycleSource;
  readonly root: Scope;
  readonly main: MainConf;
  readonly http: HttpRuntime | undefined;
  /** Complete texts, each with its place. */
  readonly warnings: readonly string[];
}

const VARIABLES = HTTP_MODULES.flatMap((module) => module.variables ?? []);
const MODULES = HTTP_MODULES.map((module) => ({ module, rows: module.directives }));

/**
 * Reads, checks and compiles. `warned` hears each warning when it is found, complete with its place.
 * Throws ConfigError with nginx's message at the first error.
 */
export function loadCycle(source: CycleSource, warned: (text: string) => unknown = ignore): Cycle {
  const warnings: string[] = [];
  const file = toByteString(source.file);
  const load = makeLoad({
    prefix: toByteString(source.prefix),
    confPrefix: file.slice(0, file.lastIndexOf('/') + 1),
    onWarning(message) {
      warnings.push(message);
      warned(message);
    },
  });
  giveVariables(load, VARIABLES);
  const root = rootScope(load);
  const reader = readerFor(source);
  if (source.directives !== '') reader.readCommandLine(toByteString(source.directives), root);
  reader.readFile(file, root);
  if (source.errorLog !== undefined) logByDefault(root, toByteString(source.errorLog));
  const http = compileHttp(root, HTTP_MODULES);
  return { source, root, main: mainConf(root), http, warnings };
}

/** What a file that cannot be loaded has that Tandem does not support: all of it, for `-t`. */
export function surveyCycle(source: CycleSource): readonly Obstacle[] {
  const file = toByteString(source.file);
  const load = makeLoad({
    prefix: toByteString(source.prefix),
    confPrefix: file.slice(0, file.lastIndexOf('/') + 1),
  });
  giveVariables(load, VARIABLES);
  return survey(file, rootScope(load), [mainRows, ...MODULES], hasVariable);
}

function hasVariable(name: string): boolean {
  return VARIABLES.some((row) =>
    row.isPrefix === true ? name.startsWith(row.name) : row.name === name,
  );
}

function ignore(): void {}

function readerFor(source: CycleSource): ConfigReader {
  return makeReader([mainRows, ...MODULES], {
    missingFile(name, directive, load) {
      const text = builtInMimeTypes(name);
      if (text !== undefined) {
        load.warn(
          `open() "${name}" failed (2: No such file or directory), the built-in media types are used`,
          directive,
        );
      }
      return text;
    },
    ...(source.files === undefined ? {} : { files: source.files }),
  });
}

/** What `-e` names is the error log of a file that names none. */
function logByDefault(root: Scope, path: string): void {
  const own = root.own<CoreConf>(core);
  if (own.error_log === undefined) Object.assign(own, { error_log: [{ path, level: ERROR }] });
}
