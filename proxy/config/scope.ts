/**
 * The tree of blocks: what each module was given at each level, and how a level takes over what the
 * level around it says. The tree is filled while files are read (`read.ts`) and resolved afterwards.
 */

import { type Load, MAIN, type ModuleKey, placeOf, type Scope } from './directive.ts';

/** What a load starts from. */
export interface LoadOptions {
  /** Prefix for relative paths (`-p`), absolute, with a final slash; latin1 (`toByteString`). */
  readonly prefix: string;
  /** Folder of the main configuration file, absolute, with a final slash; latin1. */
  readonly confPrefix: string;
  /** Receives each warning, complete with its place: `duplicate value "x" in nginx.conf:3`. */
  readonly onWarning?: (message: string) => void;
}

/** Makes what all scopes of one load share. */
export function makeLoad(options: LoadOptions): Load {
  return {
    prefix: options.prefix,
    confPrefix: options.confPrefix,
    files: new Map(),
    warn(message, at) {
      options.onWarning?.(at === undefined ? message : `${message} in ${placeOf(at)}`);
    },
  };
}

/** The scope of the main level: the file outside of all blocks. */
export function rootScope(load: Load): Scope {
  return new Block(MAIN, undefined, load);
}

/** A scope inside `parent`: what the `open` of a block directive returns. */
export function innerScope(context: number, parent: Scope): Scope {
  return new Block(context, parent, parent.load);
}

/** One block, with one object of settings per module that has any. */
class Block implements Scope {
  readonly context: number;
  readonly parent: Scope | undefined;
  readonly load: Load;
  readonly #own = new Map<ModuleKey, object>();

  constructor(context: number, parent: Scope | undefined, load: Load) {
    this.context = context;
    this.parent = parent;
    this.load = load;
  }

  own<C extends object>(module: ModuleKey): Partial<C> {
    let settings = this.#own.get(module);
    if (settings === undefined) {
      settings = {};
      this.#own.set(module, settings);
    }
    return settings as Partial<C>; // the module alone writes here, through rows typed with its C
  }

  has(module: ModuleKey): boolean {
    return this.#own.has(module);
  }
}

/**
 * How a module joins its settings at one level with those of the level around it; for modules with
 * a rule of their own. `outer` is the resolved outer level, or the defaults at the outermost one.
 */
export type Merge<C extends object> = (own: Partial<C>, outer: C, scope: Scope) => C;

/**
 * The settings of a module as they hold in `scope`: unset, then the level around it, then default.
 * A list set at a level replaces the outer one whole. The result is made once per scope and module
 * and shared: where a level says nothing it is the same object as the outer level's.
 * Call it only after the file was read; `defaults` and `merge` must not change between calls.
 */
export function resolve<C extends object>(
  module: ModuleKey,
  scope: Scope,
  defaults: C,
  merge: Merge<C> = inherit,
): C {
  const before = resolved.get(scope)?.get(module);
  if (before !== undefined) return before as C; // put there below, by the same module
  const outer =
    scope.parent === undefined ? defaults : resolve(module, scope.parent, defaults, merge);
  const isSet = scope.has(module);
  if (!isSet && merge === inherit) return outer;
  const settings = merge(isSet ? scope.own<C>(module) : {}, outer, scope);
  if (settings !== outer) keep(scope, module, settings);
  return settings;
}

function keep(scope: Scope, module: ModuleKey, settings: object): void {
  const known = resolved.get(scope);
  if (known === undefined) resolved.set(scope, new Map([[module, settings]]));
  else known.set(module, settings);
}

/** What differs from the outer level; thousands of locations that say nothing cost nothing. */
const resolved = new WeakMap<Scope, Map<ModuleKey, object>>();

/** The rule of most modules: what is set here, and the outer level's for the rest. */
export function inherit<C extends object>(own: Partial<C>, outer: C): C {
  return { ...outer, ...own };
}
