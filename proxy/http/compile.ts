/**
 * Turns a read http block into what requests meet: servers, locations with their flat steps, and
 * addresses. Everything that can be decided is decided here.
 */
import type { ConnectionTimes } from '../../wire/exchange.ts';
import type { Place, Scope } from '../config/directive.ts';
import { resolve } from '../config/scope.ts';
import { ERROR, ErrorLog } from '../log/error-log.ts';
import { type Address, groupAddresses } from './addresses.ts';
import { core } from './core.ts';
import type { CoreConf } from './core-conf.ts';
import type { HttpLoad } from './load.ts';
import { type CompiledErrorPage, Location, VirtualServer } from './location.ts';
import { LocationTree, type RegexLocation } from './location-tree.ts';
import type { CompileSite, HttpModule } from './module.ts';
import { DECLINED, OK, type PhaseName, type Step, type Verdict } from './phases.ts';
import type { HttpRequest } from './request.ts';
import { rootValue } from './root.ts';
import type { Value } from './script.ts';
import { shownServerName } from './server-name.ts';
import { type LocationBlock, type ServerBlock, structureOf } from './structure.ts';

/** All that the http block of one load became. */
export interface HttpRuntime {
  readonly load: HttpLoad;
  readonly addresses: readonly Address[];
}

/** Phases of a location's flat steps, in order. */
const LOCATION_PHASES: readonly PhaseName[] = ['preaccess', 'access', 'precontent', 'content'];
const PHASES: readonly PhaseName[] = [
  'post_read',
  'server_rewrite',
  'rewrite',
  ...LOCATION_PHASES,
  'log',
];

// Modules have settings of many types; the compiler passes each its own and looks into none.
// biome-ignore lint/suspicious/noExplicitAny: see above
type AnyModule = HttpModule<any>;

/** Compiles the http block; `root` is the scope of the main level. Throws ConfigError. */
export function compileHttp(root: Scope, modules: readonly AnyModule[]): HttpRuntime | undefined {
  const http = structureOf(root).http;
  if (http === undefined) return undefined;
  const compiler = new Compiler(http.load, modules);
  for (const module of modules) module.prepare?.(http.load, http.scope);
  const blocks = structureOf(http.scope).servers ?? [];
  const servers = blocks.map((block) => compiler.server(block));
  http.load.servers.push(...servers.map(({ server }) => server));
  return { load: http.load, addresses: groupAddresses(servers, http.load) };
}

class Compiler {
  private readonly http: HttpLoad;
  /** Modules that take part in a phase, filter heads or set a handler, each in order. */
  private readonly byPhase = new Map<PhaseName, readonly AnyModule[]>();
  private readonly filtering: readonly AnyModule[];
  private readonly handling: readonly AnyModule[];
  private readonly parts = new Map<CoreConf, CoreParts>();

  constructor(http: HttpLoad, modules: readonly AnyModule[]) {
    this.http = http;
    for (const name of PHASES) {
      this.byPhase.set(
        name,
        modules.filter((module) => module.phases?.[name] !== undefined),
      );
    }
    this.filtering = modules.filter((module) => module.headerFilter !== undefined);
    this.handling = modules.filter((module) => module.handler !== undefined);
  }

  server(block: ServerBlock): { server: VirtualServer; block: ServerBlock } {
    const server = new VirtualServer();
    const [first] = structureOf(block.scope).server_names ?? [];
    server.name = first === undefined ? '' : shownServerName(first.name);
    this.fill(server.root, block.scope, server);
    const site = this.site(server.root, block.scope, server);
    server.postRead = this.phase('post_read', site);
    server.serverRewrite = this.phase('server_rewrite', site);
    server.root.tree = this.tree(block.scope, server.root, server);
    return { server, block };
  }

  private tree(scope: Scope, parent: Location, server: VirtualServer): LocationTree | undefined {
    const blocks = structureOf(scope).locations ?? [];
    const fixed: Location[] = [];
    const regexes: RegexLocation[] = [];
    for (const block of blocks) {
      const location = this.location(block, parent, server);
      if (block.kind === 'named') nameOnce(server.named, location);
      else if (block.matcher !== undefined) regexes.push({ matcher: block.matcher, location });
      else fixed.push(location);
    }
    if (fixed.length === 0 && regexes.length === 0) return undefined;
    return new LocationTree(fixed, regexes);
  }

  private location(block: LocationBlock, parent: Location, server: VirtualServer): Location {
    const location = new Location(block.kind, block.name, parent);
    this.fill(location, block.scope, server);
    location.tree = this.tree(block.scope, location, server);
    return location;
  }

  /** An `if` or `limit_except` block: a location without a name of its own. */
  private nameless(scope: Scope, parent: Location, server: VirtualServer): Location {
    const location = new Location('nameless', parent.name, parent);
    this.fill(location, scope, server);
    return location;
  }

  private fill(location: Location, scope: Scope, server: VirtualServer): void {
    location.scope = scope;
    location.core = resolve<CoreConf>(core, scope, core.defaults, core.merge);
    const { times, errorLog, root, errorPages } = this.coreParts(location.core);
    location.times = times;
    location.errorLog = errorLog;
    location.root = root;
    location.errorPages = errorPages;
    const site = this.site(location, scope, server);
    location.rewrite = this.phase('rewrite', site);
    location.log = this.phase('log', site);
    location.headerFilters = collect(this.filtering, location, (module, conf) =>
      module.headerFilter?.(conf, site),
    );
    this.flatten(location, site);
  }

  /** What follows from the core settings alone: locations that say nothing of them share it. */
  private coreParts(conf: CoreConf): CoreParts {
    let parts = this.parts.get(conf);
    if (parts === undefined) {
      parts = {
        times: connectionTimes(conf),
        errorLog: new ErrorLog(
          conf.error_log.map(({ path, level }) => ({ level, sink: this.http.logs.file(path) })),
        ),
        root: rootValue(this.http.value(conf.alias?.path ?? conf.root), this.http.load.prefix),
        errorPages: conf.error_page.map(({ status, overwrite, target }) => ({
          status,
          overwrite,
          target: this.http.value(target),
        })),
      };
      this.parts.set(conf, parts);
    }
    return parts;
  }

  /** Joins the phases from preaccess to content into one array with jumps. */
  private flatten(location: Location, site: CompileSite): void {
    const steps: Step[] = [];
    const next: number[] = [];
    for (const phase of LOCATION_PHASES) {
      const own = phase === 'content' ? this.content(site) : this.phase(phase, site);
      const joined = phase === 'access' && location.core.satisfy === 'any' ? anyOf(own) : own;
      const end = steps.length + joined.length;
      for (const step of joined) {
        steps.push(step);
        // access with `satisfy all`: OK from one step leads to the next one, not to the next phase.
        next.push(phase === 'content' ? -1 : phase === 'access' ? steps.length : end);
      }
    }
    location.steps = steps;
    location.next = next;
  }

  private content(site: CompileSite): readonly Step[] {
    const handlers = collect(this.handling, site.location, (module, conf) =>
      module.handler?.(conf, site),
    );
    // nginx: the last directive that sets a handler wins; modules here are in the order of order.ts.
    const handler = handlers.at(-1);
    return handler === undefined ? this.phase('content', site) : [handler];
  }

  private phase(name: PhaseName, site: CompileSite): readonly Step[] {
    const modules = this.byPhase.get(name) ?? [];
    return collect(modules, site.location, (module, conf) => module.phases?.[name]?.(conf, site));
  }

  private site(location: Location, scope: Scope, server: VirtualServer): CompileSite {
    const nameless = (block: Scope): Location => this.nameless(block, location, server);
    return new Site(this.http, server, location, scope, nameless);
  }
}

interface CoreParts {
  readonly times: ConnectionTimes;
  readonly errorLog: ErrorLog;
  readonly root: Value;
  readonly errorPages: readonly CompiledErrorPage[];
}

class Site implements CompileSite {
  readonly http: HttpLoad;
  readonly server: VirtualServer;
  readonly location: Location;
  readonly scope: Scope;
  private readonly compile: (block: Scope) => Location;
  private made: Map<Scope, Location> | undefined = undefined;

  constructor(
    http: HttpLoad,
    server: VirtualServer,
    location: Location,
    scope: Scope,
    compile: (block: Scope) => Location,
  ) {
    this.http = http;
    this.server = server;
    this.location = location;
    this.scope = scope;
    this.compile = compile;
  }

  value(word: string, at?: Place): Value {
    return this.http.value(word, at);
  }

  inner(block: Scope): Location {
    this.made ??= new Map();
    let location = this.made.get(block);
    if (location === undefined) {
      location = this.compile(block);
      this.made.set(block, location);
    }
    return location;
  }
}

function collect<T>(
  modules: readonly AnyModule[],
  location: Location,
  make: (module: AnyModule, conf: object) => T | undefined,
): readonly T[] {
  const made: T[] = [];
  for (const module of modules) {
    const step = make(module, location.conf(module));
    if (step !== undefined) made.push(step);
  }
  return made;
}

/** nginx takes two named locations of one name and finds the first. */
function nameOnce(named: Map<string, Location>, location: Location): void {
  if (!named.has(location.name)) named.set(location.name, location);
}

/**
 * `satisfy any`: the first OK lets in; else the last refusal holds (nginx
 * `ngx_http_core_access_phase`), and 403 is logged (`ngx_http_core_post_access_phase`).
 */
function anyOf(steps: readonly Step[]): readonly Step[] {
  return steps.length === 0 ? steps : [(r) => tryFrom(steps, 0, DECLINED, r)];
}

function tryFrom(
  steps: readonly Step[],
  first: number,
  refusalBefore: Verdict,
  r: HttpRequest,
): Verdict | Promise<Verdict> {
  let refusal = refusalBefore;
  for (let i = first; i < steps.length; i++) {
    const verdict = steps[i]!(r);
    if (typeof verdict !== 'number') {
      return verdict.then((v) => {
        if (v === OK) return OK;
        return tryFrom(steps, i + 1, v === DECLINED ? refusal : v, r);
      });
    }
    if (verdict === OK) return OK;
    if (verdict !== DECLINED) refusal = verdict;
  }
  if (refusal === 403) r.log(ERROR, 'access forbidden by rule');
  return refusal;
}

/** The part of the settings that the protocol engine needs. */
export function connectionTimes(conf: CoreConf): ConnectionTimes {
  return {
    contentTimeoutMs: conf.client_body_timeout,
    sendTimeoutMs: conf.send_timeout,
    keepaliveTimeoutMs: conf.keepalive_timeout.timeoutMs,
    keepaliveHeaderSeconds: conf.keepalive_timeout.headerSeconds,
    keepaliveRequests: conf.keepalive_requests,
    keepaliveTimeMs: conf.keepalive_time,
    lingeringClose: conf.lingering_close,
    lingeringTimeMs: conf.lingering_time,
    lingeringTimeoutMs: conf.lingering_timeout,
    resetTimedout: conf.reset_timedout_connection,
  };
}
