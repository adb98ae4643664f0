/** The contract of a feature of the proxy: one nginx module is one object made by `defineModule`. */
import type { DirectiveRow, ModuleKey, Place, Scope } from '../config/directive.ts';
import type { Merge } from '../config/scope.ts';
import type { HttpLoad } from './load.ts';
import type { Location, VirtualServer } from './location.ts';
import type { HeaderFilter, PhaseName, Step } from './phases.ts';
import type { Value } from './script.ts';
import type { VariableRow } from './variables.ts';

/** What a module is told while a location is compiled, once per location and load. */
export interface CompileSite {
  readonly http: HttpLoad;
  readonly server: VirtualServer;
  /** The location being compiled; for server phases the server's own nameless location. */
  readonly location: Location;
  /** The block this location was read from. */
  readonly scope: Scope;
  /** Compiles a word with variables; an unknown variable throws nginx's `unknown "x" variable`. */
  value(word: string, at?: Place): Value;
  /** The location that an inner block (`if`, `limit_except`) compiles to. */
  inner(scope: Scope): Location;
}

export type PhaseTable<C> = {
  /** Called once per location, at load; `undefined` means that the location has no such step. */
  readonly [P in PhaseName]?: (conf: C, site: CompileSite) => Step | undefined;
};

export interface HttpModule<C extends object = Record<string, unknown>> extends ModuleKey {
  /** nginx's name without `ngx_` and `_module`: `http_access`. */
  readonly name: string;
  readonly directives: readonly DirectiveRow<C>[];
  /** Complete settings where nothing is said. */
  readonly defaults: C;
  /**
   * Only where the rule is not "unset, then parent, then default" (cite nginx). `outer` is the
   * resolved settings of the block around, the defaults at the outermost level.
   */
  readonly merge?: Merge<C>;
  readonly variables?: readonly VariableRow[];
  /** Called once when the whole http block is read, before any location is compiled. */
  readonly prepare?: (http: HttpLoad, scope: Scope) => void;
  readonly phases?: PhaseTable<C>;
  /**
   * A content handler that excludes the content phase's other steps, as `proxy_pass` does
   * (nginx `clcf->handler`).
   */
  readonly handler?: (conf: C, site: CompileSite) => Step | undefined;
  readonly headerFilter?: (conf: C, site: CompileSite) => HeaderFilter | undefined;
}

/** Proves the contract of a module where it is written. */
export function defineModule<C extends object>(module: HttpModule<C>): HttpModule<C> {
  return module;
}
