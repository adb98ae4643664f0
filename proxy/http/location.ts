/** A compiled location and a compiled server: what requests meet. All is decided at load. */
import type { ConnectionTimes } from '../../wire/exchange.ts';
import type { Scope } from '../config/directive.ts';
import { resolve } from '../config/scope.ts';
import type { ErrorLog } from '../log/error-log.ts';
import type { CoreConf } from './core-conf.ts';
import type { LocationTree } from './location-tree.ts';
import type { HttpModule } from './module.ts';
import type { HeaderFilter, Step } from './phases.ts';
import type { Value } from './script.ts';

/**
 * How a location is matched: `prefix`, `=`, `^~` (prefix that stops regular expressions), `~` or `~*`,
 * `@name`; `nameless` is an `if` or `limit_except` block, `server` the server block itself.
 */
export type LocationKind =
  | 'prefix'
  | 'exact'
  | 'no-regex'
  | 'regex'
  | 'named'
  | 'nameless'
  | 'server';

/** One code of `error_page`; `overwrite` as in ErrorPage. */
export interface CompiledErrorPage {
  readonly status: number;
  readonly overwrite: number;
  readonly target: Value;
}

export class Location {
  readonly kind: LocationKind;
  /** As written after the modifier: `/images/`, `\.php$`, `@fallback`. */
  readonly name: string;
  readonly parent: Location | undefined;
  core!: CoreConf;
  times!: ConnectionTimes;
  errorLog!: ErrorLog;
  /** Steps of the rewrite phase. */
  rewrite: readonly Step[] = [];
  /** preaccess, access, precontent and content, one after the other. */
  steps: readonly Step[] = [];
  /** For each of `steps`: where to go on after OK. */
  next: readonly number[] = [];
  headerFilters: readonly HeaderFilter[] = [];
  log: readonly Step[] = [];
  /** `root` or `alias`, evaluated per request where it holds variables. */
  root!: Value;
  errorPages: readonly CompiledErrorPage[] = [];
  /** Locations nested in this one. */
  tree: LocationTree | undefined = undefined;
  /** Set by proxy_pass where a request for the name without its final slash is redirected (nginx `auto_redirect`). */
  redirectsToSlash = false;
  /** The block it was read from. */
  scope!: Scope;

  constructor(kind: LocationKind, name: string, parent: Location | undefined) {
    this.kind = kind;
    this.name = name;
    this.parent = parent;
  }

  /** The merged settings of a module here. Not for the hot path: steps close over their settings. */
  conf<C extends object>(module: HttpModule<C>): C {
    return resolve<C>(module, this.scope, module.defaults, module.merge);
  }
}

export class VirtualServer {
  /** First `server_name`, for `$server_name` and redirects. */
  name = '';
  /** The server block as a location: settings, log and filters before a location is found. */
  readonly root: Location = new Location('server', '', undefined);
  postRead: readonly Step[] = [];
  serverRewrite: readonly Step[] = [];
  /** Named locations by name with `@`. */
  readonly named = new Map<string, Location>();
}
