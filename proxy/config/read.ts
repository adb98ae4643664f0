/**
 * Reads configuration files: walks the text as nginx's ngx_conf_parse and ngx_conf_handler do and
 * applies each directive as soon as it is read, so that the first error reported is nginx's.
 *
 * Words, contexts and argument counts are judged here; what a directive means is its row's business.
 */

import { readFileSync } from 'node:fs';
import {
  ConfigError,
  type Directive,
  type DirectiveRow,
  type EntryReader,
  fail,
  type Load,
  type ModuleKey,
  type ModuleRows,
  type Scope,
} from './directive.ts';
import { glob, isPattern } from './glob.ts';
import { failUnknown } from './known-directives.ts';
import { BLOCK_END, BLOCK_START, COMMAND_LINE, type Ending, Lexer, TEXT_END } from './lexer.ts';
import { NO_MEANING_MODULES } from './no-meaning.ts';
import { codeOf, inConfPrefix, nameBytes, systemFailure } from './paths.ts';

/** How deep includes and blocks may nest together; nginx stops where descriptors run out. */
const DEPTH_LIMIT = 500;

export interface ReaderOptions {
  /** Texts by full name that are read in place of what the disk holds (a master's, for its threads). */
  readonly files?: ReadonlyMap<string, string>;
  /**
   * Asked for the text of an included file that does not exist, before that is an error; whoever
   * answers warns. Serves `include mime.types` on machines that have none.
   */
  readonly missingFile?: (name: string, directive: Directive, load: Load) => string | undefined;
}

/** Reads text into scopes by the rows it was made with. Keeps nothing between reads. */
export interface ConfigReader {
  /**
   * Reads the main configuration file into `root` (a `rootScope`). `file` is its full name, latin1;
   * `text` replaces what the disk holds. Throws ConfigError at the first error.
   */
  readFile(file: string, root: Scope, text?: string): void;
  /** Reads the text of `-g`; nginx reads it before the file. */
  readCommandLine(text: string, root: Scope): void;
}

/**
 * Makes a reader of the rows of all modules. A name may stand in several rows with other contexts;
 * the first that may stand here is taken, in the order given. Directives without meaning
 * (`no-meaning.ts`) are added last, so that a module may claim any of them.
 */
export function makeReader(
  modules: readonly ModuleRows[],
  options: ReaderOptions = {},
): ConfigReader {
  const table = makeTable(modules);
  return {
    readFile(file, root, text) {
      const walker = new Walker(table, options, root.load);
      walker.readFile(file, root, undefined, text);
    },
    readCommandLine(text, root) {
      new Walker(table, options, root.load).readAll(new Lexer(text, COMMAND_LINE), root);
    },
  };
}

/** The rows by name, in the order in which they are asked. */
export function makeTable(modules: readonly ModuleRows[]): RowTable {
  const table = new Map<string, OwnedRow[]>();
  for (const { module, rows } of [...modules, ...NO_MEANING_MODULES]) {
    for (const row of rows) {
      const same = table.get(row.name);
      if (same === undefined) table.set(row.name, [{ module, row }]);
      else same.push({ module, row });
    }
  }
  return table;
}

interface OwnedRow {
  readonly module: ModuleKey;
  readonly row: DirectiveRow<never>;
}

/** All rows by name. */
export type RowTable = ReadonlyMap<string, readonly OwnedRow[]>;

/** What the words of a block go to: rows, or the reader of a `types` or `map`. */
type Sink = Scope | EntryReader;

class Walker {
  readonly #table: RowTable;
  readonly #options: ReaderOptions;
  readonly #load: Load;
  #depth = 0;

  constructor(table: RowTable, options: ReaderOptions, load: Load) {
    this.#table = table;
    this.#options = options;
    this.#load = load;
  }

  /** Opens and reads a file; `by` is the include that names it, undefined for the main file. */
  readFile(name: string, sink: Sink, by: Directive | undefined, given?: string): void {
    const text = given ?? this.#textOf(name, by);
    if (!this.#load.files.has(name)) this.#load.files.set(name, text);
    this.readAll(new Lexer(text, name), sink);
  }

  /** Reads to the end of the text; a closing brace has nothing to close here. */
  readAll(lexer: Lexer, sink: Sink): void {
    if (this.#readUntilEnd(lexer, sink) === BLOCK_END) fail(lexer, 'unexpected "}"');
  }

  #textOf(name: string, by: Directive | undefined): string {
    const kept = this.#options.files?.get(name);
    if (kept !== undefined) return kept;
    try {
      return readFileSync(nameBytes(name), 'latin1');
    } catch (error) {
      if (codeOf(error) === 'EISDIR') {
        // nginx opens a folder and fails to read it; that message names no place.
        throw new ConfigError(systemFailure('pread', name, error), undefined, 'crit');
      }
      if (codeOf(error) === 'ENOENT' && by !== undefined) {
        const instead = this.#options.missingFile?.(name, by, this.#load);
        if (instead !== undefined) return instead;
      }
      throw new ConfigError(systemFailure('open', name, error), by);
    }
  }

  /** Applies directives until the block or the text ends, and says which it was. */
  #readUntilEnd(lexer: Lexer, sink: Sink): typeof BLOCK_END | typeof TEXT_END {
    if (++this.#depth > DEPTH_LIMIT) {
      fail(lexer, `includes and blocks are nested more than ${DEPTH_LIMIT} levels deep`);
    }
    for (;;) {
      const ending = lexer.next();
      if (ending === BLOCK_END || ending === TEXT_END) {
        this.#depth--;
        return ending;
      }
      if (ending === BLOCK_START && lexer.file === COMMAND_LINE) {
        fail(lexer, 'block directives are not supported in -g option');
      }
      const [name = '', ...args] = lexer.words;
      const directive: Directive = { name, args, file: lexer.file, line: lexer.line };
      if ('entry' in sink) this.#applyEntry(directive, ending, sink);
      else this.#apply(directive, ending, sink, lexer);
    }
  }

  #applyEntry(entry: Directive, ending: Ending, reader: EntryReader): void {
    if (ending === BLOCK_START) fail(entry, 'unexpected "{"');
    if (entry.name === 'include' && entry.args.length === 1) this.#include(entry, reader);
    else reader.entry(entry);
  }

  #apply(directive: Directive, ending: Ending, scope: Scope, lexer: Lexer): void {
    if (directive.name === 'include') {
      checkForm(INCLUDE, directive, ending);
      this.#include(directive, scope);
      return;
    }
    const rows = this.#table.get(directive.name);
    const owned = rows?.find(({ row }) => (row.in & scope.context) !== 0);
    if (owned === undefined) failUnknown(directive, scope.context, rows !== undefined);
    const { module, row } = owned;
    checkForm(row, directive, ending);
    const own = scope.own<never>(module);
    if (row.open === undefined) {
      row.set(own, directive, scope);
      return;
    }
    const inner = row.open(own, directive, scope);
    if (this.#readUntilEnd(lexer, inner) === TEXT_END) {
      fail(lexer, 'unexpected end of file, expecting "}"');
    }
    if ('entry' in inner) inner.close?.(lexer);
    else row.close?.(inner, directive, scope, lexer);
  }

  #include(directive: Directive, sink: Sink): void {
    const name = inConfPrefix(this.#load, directive.args[0]!);
    for (const file of isPattern(name) ? glob(name) : [name]) {
      this.readFile(file, sink, directive);
    }
  }
}

/** What of a row `checkForm` looks at. */
interface Form {
  readonly args: DirectiveRow<never>['args'];
  readonly open?: unknown;
}

const INCLUDE: Form = { args: [1, 1] };

/** Judges brace or semicolon, then the number of arguments, in nginx's order. */
export function checkForm(row: Form, directive: Directive, ending: Ending): void {
  const isBlock = row.open !== undefined;
  if (!isBlock && ending === BLOCK_START) {
    fail(directive, `directive "${directive.name}" is not terminated by ";"`);
  }
  if (isBlock && ending !== BLOCK_START) {
    fail(directive, `directive "${directive.name}" has no opening "{"`);
  }
  const count = directive.args.length;
  const [min, max] = row.args === 'flag' ? ONE : row.args;
  if (count < min || count > max) {
    fail(directive, `invalid number of arguments in "${directive.name}" directive`);
  }
}

const ONE = [1, 1] as const;
