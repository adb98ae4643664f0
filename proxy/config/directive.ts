/**
 * What a directive is: one row per name, as in nginx's `ngx_command_t`. Rows say where a directive
 * may stand, how many arguments it takes and how it is read; the reader (`read.ts`) walks a file and
 * applies them in the order of the file, so that the first error reported is the one nginx reports.
 */

/** Contexts, to be or-ed. `SERVER_IF` and `LOCATION_IF` are `if` blocks in server and location. */
export const MAIN = 1;
export const EVENTS = 2;
export const HTTP = 4;
export const SERVER = 8;
export const LOCATION = 16;
export const SERVER_IF = 32;
export const LOCATION_IF = 64;
export const LIMIT_EXCEPT = 128;
export const UPSTREAM = 256;

/** Any number of arguments from one up. */
export const ONE_OR_MORE: readonly [number, number] = [1, Number.POSITIVE_INFINITY];

/** Where something stands; line 0 where there are no lines (`command line`, what `-g` gave). */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** One directive as it stands in a file. */
export interface Directive extends Place {
  readonly name: string;
  /** Words after the name, quotes and escapes resolved. */
  readonly args: readonly string[];
  /** Path of the file as it was opened. */
  readonly file: string;
  /** Line where the directive ends, as nginx reports it. */
  readonly line: number;
}

/**
 * One block of a file: what stands in it for each module. `own` objects are keyed by directive
 * name unless a row says otherwise.
 */
export interface Scope {
  readonly context: number;
  readonly parent: Scope | undefined;
  /** The module's own settings at this level, made empty on first use. */
  own<C extends object>(module: ModuleKey): Partial<C>;
  /** Whether the module has settings of its own at this level. */
  has(module: ModuleKey): boolean;
  /** Facts of the whole load: working prefix, warnings. */
  readonly load: Load;
}

/** Identity of a module: its defining object. */
export interface ModuleKey {
  readonly name: string;
}

/** What all scopes of one load share. */
export interface Load {
  /** Prefix for relative paths (`-p`), absolute, with a final slash. */
  readonly prefix: string;
  /** Folder of the main configuration file, with a final slash: include and a few others resolve against it. */
  readonly confPrefix: string;
  /** Every file read so far, by its full name, in the order of reading: what `-T` prints. */
  readonly files: Map<string, string>;
  /** Reports `[warn] message in file:line`, or another level below emerg. */
  warn(message: string, at: Place | undefined): void;
}

/** Reads what stands inside a block whose entries are not directives: `types`, `map`. */
export interface EntryReader {
  /** One entry: its words and place. */
  entry(words: Directive): void;
  /** The closing brace, and where it stands. */
  close?(end: Place): void;
}

interface RowBase {
  readonly name: string;
  readonly in: number;
  /** Least and most arguments; `flag` is exactly one, `on` or `off`. */
  readonly args: readonly [min: number, max: number] | 'flag';
}

/** A directive that ends in a semicolon. */
export interface SimpleRow<C extends object = Record<string, unknown>> extends RowBase {
  /** Puts the value into `own`; throws ConfigError through `fail`. */
  set(own: Partial<C>, directive: Directive, scope: Scope): void;
  readonly open?: never;
}

/** A directive that opens a block. */
export interface BlockRow<C extends object = Record<string, unknown>> extends RowBase {
  /** Returns the scope to read the block into, or a reader of its entries. */
  open(own: Partial<C>, directive: Directive, scope: Scope): Scope | EntryReader;
  /**
   * Called with the scope that `open` returned when its closing brace was read. nginx reports what
   * is wrong with a whole block (`no servers are inside upstream`) at `end`, the closing brace.
   */
  close?(inner: Scope, directive: Directive, outer: Scope, end: Place): void;
  readonly set?: never;
}

export type DirectiveRow<C extends object = Record<string, unknown>> = SimpleRow<C> | BlockRow<C>;

/**
 * A configuration error; `message` ends in ` in FILE:LINE` where a place is known, and in
 * ` in command line` for what was given with `-g` (line 0). Like all configuration text it is
 * latin1, one character per byte: print it with the encoding 'latin1'.
 */
export class ConfigError extends Error {
  readonly code = 'ERR_CONFIG';
  /** Level to log it at: `emerg`, and `crit` where nginx's read of a file fails. */
  readonly level: 'emerg' | 'crit';
  readonly file: string | undefined;
  readonly line: number | undefined;

  constructor(text: string, at?: Place, level: 'emerg' | 'crit' = 'emerg') {
    super(at === undefined ? text : `${text} in ${placeOf(at)}`);
    this.name = 'ConfigError';
    this.level = level;
    this.file = at?.file;
    this.line = at?.line;
  }
}

/** `file:line`, or the file alone where there are no lines (`command line`). */
export function placeOf(at: Place): string {
  return at.line === 0 ? at.file : `${at.file}:${at.line}`;
}

/** Throws a ConfigError at a place, mostly a directive. */
export function fail(at: Place, text: string): never {
  throw new ConfigError(text, at);
}

/** Throws `"name" directive TEXT`, as nginx does for a setter that returned a text. */
export function failDirective(directive: Directive, text: string): never {
  fail(directive, `"${directive.name}" directive ${text}`);
}

/** The rows of one module, whatever type its settings have. */
export interface ModuleRows {
  readonly module: ModuleKey;
  readonly rows: readonly DirectiveRow<never>[];
}
