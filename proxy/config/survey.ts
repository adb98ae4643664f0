/**
 * Every obstacle of a configuration at once: after the first error, which is nginx's, the files are
 * walked again, and what Tandem does not support is noted instead of ending the walk. What else is
 * wrong is left to the next `-t`, as with nginx.
 */
import { readFileSync } from 'node:fs';
import {
  ConfigError,
  type Directive,
  type EntryReader,
  LOCATION,
  type Load,
  type ModuleRows,
  type Scope,
} from './directive.ts';
import { glob, isPattern } from './glob.ts';
import { failUnknown, variableModuleOf } from './known-directives.ts';
import { BLOCK_END, BLOCK_START, Lexer, TEXT_END } from './lexer.ts';
import { inConfPrefix, nameBytes } from './paths.ts';
import { checkForm, makeTable, type RowTable } from './read.ts';
import { innerScope } from './scope.ts';

/** One thing that is not supported, and where. */
export interface Obstacle {
  /** `ngx_http_fastcgi_module`, `parameters of "listen"`, ...: obstacles are grouped by it. */
  readonly missing: string;
  /** `fastcgi_pass`, `"ssl"`, `$fastcgi_script_name`. */
  readonly what: string;
  readonly file: string;
  readonly line: number;
  /** The message it has as an error; empty for variables, whose message names no place. */
  readonly message: string;
}

/** How our refusals end, whatever they refuse. */
const REFUSAL = /\b(by|in) Tandem\b/;
const UNKNOWN = /^unknown directive "/;
/** Includes that include each other end here. */
const MOST_FILES = 1000;

/** Walks the main file and all it includes. `hasVariable` says which built-in variables are there. */
export function survey(
  file: string,
  root: Scope,
  modules: readonly ModuleRows[],
  hasVariable: (name: string) => boolean,
): readonly Obstacle[] {
  const surveyor = new Surveyor(makeTable(modules), root.load, hasVariable);
  surveyor.read(file, root);
  return surveyor.found;
}

type Sink = Scope | EntryReader | undefined;

class Surveyor {
  readonly found: Obstacle[] = [];
  readonly #table: RowTable;
  readonly #load: Load;
  readonly #hasVariable: (name: string) => boolean;
  #files = 0;

  constructor(table: RowTable, load: Load, hasVariable: (name: string) => boolean) {
    this.#table = table;
    this.#load = load;
    this.#hasVariable = hasVariable;
  }

  /** A file that cannot be read, or is no configuration from some point on, ends there. */
  read(name: string, sink: Sink): void {
    if (++this.#files > MOST_FILES) return;
    try {
      this.#walk(new Lexer(readFileSync(nameBytes(name), 'latin1'), name), sink);
    } catch (error) {
      if (!(error instanceof ConfigError) && !(error instanceof Error && 'code' in error))
        throw error;
    }
  }

  /** To the end of the block or the text. Without a sink, what stands there is passed over. */
  #walk(lexer: Lexer, sink: Sink): void {
    for (;;) {
      const ending = lexer.next();
      if (ending === BLOCK_END || ending === TEXT_END) return;
      const [name = '', ...args] = lexer.words;
      const directive: Directive = { name, args, file: lexer.file, line: lexer.line };
      const isBlock = ending === BLOCK_START;
      if (sink === undefined) {
        if (isBlock) this.#walk(lexer, undefined);
        continue;
      }
      this.#lookForVariables(directive);
      if (name === 'include' && args.length === 1) this.#include(directive, sink);
      else if ('entry' in sink) this.#attempt(directive, () => sink.entry(directive));
      else if (isBlock) this.#walk(lexer, this.#open(directive, sink));
      else this.#set(directive, sink);
    }
  }

  #include({ args: [word = ''] }: Directive, sink: Sink): void {
    const name = inConfPrefix(this.#load, word);
    for (const file of isPattern(name) ? glob(name) : [name]) this.read(file, sink);
  }

  /** What to read the block into; undefined where nobody knows. */
  #open(directive: Directive, scope: Scope): Sink {
    let inner: Sink;
    this.#attempt(directive, () => {
      const { module, row } = this.#rowOf(directive, scope);
      checkForm(row, directive, BLOCK_START);
      inner = row.open?.(scope.own<never>(module), directive, scope);
    });
    // A location whose expression is refused still has directives in it.
    const isLocation = directive.name === 'location' || directive.name === 'if';
    return inner ?? (isLocation ? innerScope(LOCATION, scope) : undefined);
  }

  /** A parameter that is refused is taken out, and the rest is tried: there may be another. */
  #set(directive: Directive, scope: Scope): void {
    let tried = directive;
    for (;;) {
      const refused = this.#attempt(tried, () => {
        const { module, row } = this.#rowOf(tried, scope);
        checkForm(row, tried, TEXT_END);
        row.set?.(scope.own<never>(module), tried, scope);
      });
      if (refused === undefined) return;
      const args = tried.args.filter((arg) => arg !== refused && !arg.startsWith(`${refused}=`));
      if (args.length === tried.args.length || args.length === 0) return;
      tried = { ...tried, args };
    }
  }

  #rowOf(directive: Directive, scope: Scope) {
    const rows = this.#table.get(directive.name);
    const owned = rows?.find(({ row }) => (row.in & scope.context) !== 0);
    return owned ?? failUnknown(directive, scope.context, rows !== undefined);
  }

  /** Notes a refusal, and answers the parameter that it names, empty for none. */
  #attempt(directive: Directive, act: () => void): string | undefined {
    try {
      act();
    } catch (error) {
      // A row may lean on one that was refused before it: only refusals are of interest here.
      if (!(error instanceof ConfigError)) return undefined;
      if (REFUSAL.test(error.message) || UNKNOWN.test(error.message)) {
        return this.#note(directive, error);
      }
    }
    return undefined;
  }

  #note({ name, args, file, line }: Directive, error: ConfigError): string {
    const quoted = [...error.message.matchAll(/"([^"]*)"/g)].map(([, word = '']) => word);
    const parameter = quoted.find((word) =>
      args.some((arg) => arg === word || arg.startsWith(`${word}=`)),
    );
    const module = /\(module (\S+)\)/.exec(error.message)?.[1];
    const place = { file, line, message: error.message };
    if (UNKNOWN.test(error.message)) {
      this.found.push({ missing: 'modules of others', what: name, ...place });
    } else if (module !== undefined) this.found.push({ missing: module, what: name, ...place });
    else {
      const what = parameter === undefined ? `${name} ${args.join(' ')}`.trim() : `"${parameter}"`;
      this.found.push({ missing: `parameters of "${name}"`, what, ...place });
    }
    return parameter ?? '';
  }

  #lookForVariables({ args, file, line }: Directive): void {
    for (const word of args) {
      for (const [, braced, plain] of word.matchAll(/\$(?:\{(\w+)\}|(\w+))/g)) {
        const name = (braced ?? plain ?? '').toLowerCase();
        const module = this.#hasVariable(name) ? undefined : variableModuleOf(name);
        if (module === undefined) continue;
        this.found.push({ missing: module, what: `$${name}`, file, line, message: '' });
      }
    }
  }
}

/** The list for the terminal; `first` is the message that stands above it already. Empty for none. */
export function surveyText(found: readonly Obstacle[], first: string, isColoured: boolean): string {
  const further = found.filter(({ message, what }) => message !== first && !isOf(what, first));
  if (further.length === 0) return '';
  const bold = (text: string): string => (isColoured ? `\x1b[1m${text}\x1b[22m` : text);
  const dim = (text: string): string => (isColoured ? `\x1b[2m${text}\x1b[22m` : text);
  const groups = Map.groupBy(further, ({ missing }) => missing);
  const count = further.length === 1 ? '1 more is' : `${further.length} more are`;
  let text = `${count} not supported by Tandem, by what is missing:\n`;
  for (const [missing, members] of [...groups].sort((a, b) => b[1].length - a[1].length)) {
    text += `  ${bold(missing)} (${members.length})\n`;
    for (const { what, file, line } of members)
      text += `    ${what} ${dim(`in ${file}:${line}`)}\n`;
  }
  return text;
}

/** Whether the first message is about this variable, which it names without a place. */
function isOf(what: string, first: string): boolean {
  return what.startsWith('$') && first === `unknown "${what.slice(1)}" variable`;
}
