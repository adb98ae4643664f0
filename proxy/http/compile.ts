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
import { Location, VirtualServer } from './location.ts';
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
  private readonly modules: readonly AnyModule[];

  constructor(http: HttpLoad, modules: readonly AnyModule[]) {
    this.http = http;
    this.modules = modules;
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
    for (const module of this.modules) {
      location.setConf(module, resolve<object>(module, scope, module.defaults, module.merge));
    }
    location.core = resolve<CoreConf>(core, scope, core.defaults, core.merge);
    location.times = connectionTimes(location.core);
    location.errorLog = new ErrorLog(
      location.core.error_log.map(({ path, level }) => ({
        level,
        sink: this.http.logs.file(path),
      })),
    );
    const site = this.site(location, scope, server);
    const { root, alias } = location.core;
    location.root = rootValue(site.value(alias ?? root), this.http.load.prefix);
    location.errorPages = location.core.error_page.map(({ status, overwrite, target }) => ({
      status,
      overwrite,
      target: site.value(target),
    }));
    location.rewrite = this.phase('rewrite', site);
    location.log = this.phase('log', site);
    location.headerFilters = this.collect(
      (module, conf) => module.headerFilter?.(conf, site),
      location,
    );
    this.flatten(location, site);
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
    const handlers = this.collect((module, conf) => module.handler?.(conf, site), site.location);
    // nginx: the last directive that sets a handler wins; modules here are in the order of order.ts.
    const handler = handlers.at(-1);
    return handler === undefined ? this.phase('content', site) : [handler];
  }

  private phase(name: PhaseName, site: CompileSite): readonly Step[] {
    return this.collect((module, conf) => module.phases?.[name]?.(conf, site), site.location);
  }

  private collect<T>(
    make: (module: AnyModule, conf: object) => T | undefined,
    location: Location,
  ): readonly T[] {
    const made: T[] = [];
    for (const module of this.modules) {
      const step = make(module, location.conf(module));
      if (step !== undefined) made.push(step);
    }
    return made;
  }

  private site(location: Location, scope: Scope, server: VirtualServer): CompileSite {
    const inner = new Map<Scope, Location>();
    return {
      http: this.http,
      server,
      location,
      scope,
      value: (word: string, at?: Place): Value => this.http.value(word, at),
      inner: (block: Scope): Location => {
        let made = inner.get(block);
        if (made === undefined) {
          made = this.nameless(block, location, server);
          inner.set(block, made);
        }
        return made;
      },
    };
  }
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
