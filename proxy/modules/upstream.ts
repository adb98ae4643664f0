/**
 * nginx's upstream module: groups of servers for `proxy_pass`, the connections kept to them, and the
 * variables that tell what became of a request.
 *
 * Balancing is weighted round robin; `least_conn`, `ip_hash`, `hash`, `random` and `zone` are not
 * here, so a file that names them is refused. The state of servers belongs to each thread, as
 * nginx's without `zone` belongs to each worker process.
 */
import {
  type Directive,
  type DirectiveRow,
  fail,
  failDirective,
  HTTP,
  type Place,
  type Scope,
  UPSTREAM,
} from '../config/directive.ts';
import { assign, integer, milliseconds } from '../config/readers.ts';
import { innerScope } from '../config/scope.ts';
import { parseNumber, parseSeconds } from '../config/units.ts';
import { httpLoadOf } from '../http/load.ts';
import { defineModule } from '../http/module.ts';
import {
  DEFAULT_KEEPALIVE,
  DEFAULT_PEER_SETTINGS,
  requireUrl,
  resolveUrl,
  type ServerLine,
  type UpstreamGroup,
} from '../upstream/groups.ts';
import type { PeerSettings } from '../upstream/peers.ts';
import { registryOf } from '../upstream/registry.ts';
import { parseUpstreamUrl } from '../upstream/url.ts';
import { upstreamVariables } from '../upstream/variables.ts';

/** What stands in one `upstream` block. */
interface UpstreamConf {
  servers: ServerLine[];
  keepalive: { readonly connections: number; readonly isLocal: boolean };
  keepalive_requests: number;
  keepalive_time: number;
  keepalive_timeout: number;
}

const rows: readonly DirectiveRow<UpstreamConf>[] = [
  { name: 'upstream', in: HTTP, args: [1, 1], open: openGroup, close: closeGroup },
  { name: 'server', in: UPSTREAM, args: [1, Number.POSITIVE_INFINITY], set: addServer },
  { name: 'keepalive', in: UPSTREAM, args: [1, 2], set: assign(readKeepalive) },
  { name: 'keepalive_requests', in: UPSTREAM, args: [1, 1], set: assign(integer) },
  { name: 'keepalive_time', in: UPSTREAM, args: [1, 1], set: assign(milliseconds) },
  { name: 'keepalive_timeout', in: UPSTREAM, args: [1, 1], set: assign(milliseconds) },
];

export const upstream = defineModule<UpstreamConf>({
  name: 'http_upstream',
  directives: rows,
  // Read per block in `closeGroup`; nothing is inherited.
  defaults: {
    servers: [],
    keepalive: { connections: DEFAULT_KEEPALIVE.connections, isLocal: DEFAULT_KEEPALIVE.isLocal },
    keepalive_requests: DEFAULT_KEEPALIVE.requests,
    keepalive_time: DEFAULT_KEEPALIVE.timeMs,
    keepalive_timeout: DEFAULT_KEEPALIVE.timeoutMs,
  },
  variables: upstreamVariables,
  prepare: (http) => registryOf(http).finish(),
});

const groups = new WeakMap<Scope, UpstreamGroup>();

function openGroup(_own: Partial<UpstreamConf>, directive: Directive, scope: Scope): Scope {
  const inner = innerScope(UPSTREAM, scope);
  const registry = registryOf(httpLoadOf(scope));
  groups.set(inner, registry.define(directive.args[0]!, directive));
  return inner;
}

function closeGroup(inner: Scope, _directive: Directive, _outer: Scope, end: Place): void {
  const own = inner.own<UpstreamConf>(upstream);
  const group = groups.get(inner)!;
  if (own.servers === undefined) fail(end, 'no servers are inside upstream');
  group.servers.push(...own.servers);
  group.keepalive = {
    connections: own.keepalive?.connections ?? DEFAULT_KEEPALIVE.connections,
    isLocal: own.keepalive?.isLocal ?? DEFAULT_KEEPALIVE.isLocal,
    requests: own.keepalive_requests ?? DEFAULT_KEEPALIVE.requests,
    timeMs: own.keepalive_time ?? DEFAULT_KEEPALIVE.timeMs,
    timeoutMs: own.keepalive_timeout ?? DEFAULT_KEEPALIVE.timeoutMs,
  };
}

/** nginx `ngx_http_upstream_keepalive`. */
function readKeepalive(directive: Directive): UpstreamConf['keepalive'] {
  const [number = '', local] = directive.args;
  const connections = parseNumber(number);
  if (connections === undefined) {
    fail(directive, `invalid value "${number}" in "keepalive" directive`);
  }
  if (local !== undefined && local !== 'local') fail(directive, `invalid parameter "${local}"`);
  return { connections, isLocal: local !== undefined };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** nginx `ngx_http_upstream_server`. */
function addServer(own: Partial<UpstreamConf>, directive: Directive): void {
  const [address = '', ...parameters] = directive.args;
  const settings: Mutable<PeerSettings> = { ...DEFAULT_PEER_SETTINGS };
  let isBackup = false;
  for (const parameter of parameters) {
    if (parameter === 'backup') isBackup = true;
    else if (parameter === 'down') settings.isDown = true;
    else if (!readParameter(settings, parameter)) failParameter(parameter, directive);
  }
  const url = requireUrl(parseUpstreamUrl(address, 80, false), address, directive);
  const addresses = resolveUrl(url, directive);
  own.servers ??= [];
  own.servers.push({ addresses, settings, isBackup });
}

/** Reads `name=value`; false where it is none of ours. */
function readParameter(settings: Mutable<PeerSettings>, parameter: string): boolean {
  const equals = parameter.indexOf('=') + 1;
  const value = parameter.slice(equals);
  switch (parameter.slice(0, equals)) {
    case 'weight=': {
      settings.weight = parseNumber(value) ?? 0;
      return settings.weight !== 0;
    }
    case 'max_conns=': {
      settings.maxConns = parseNumber(value) ?? -1;
      return settings.maxConns !== -1;
    }
    case 'max_fails=': {
      settings.maxFails = parseNumber(value) ?? -1;
      return settings.maxFails !== -1;
    }
    case 'fail_timeout=': {
      settings.failTimeoutSeconds = parseSeconds(value) ?? -1;
      return settings.failTimeoutSeconds !== -1;
    }
    default:
      return false;
  }
}

/** Parameters that nginx has and Tandem has not. */
const UNSUPPORTED = /^(resolve|service=.*|route=.*|drain|slow_start=.*|sticky=.*)$/;

function failParameter(parameter: string, directive: Directive): never {
  if (UNSUPPORTED.test(parameter)) {
    const name = parameter.replace(/=.*/, '');
    failDirective(directive, `does not support parameter "${name}" in Tandem`);
  }
  fail(directive, `invalid parameter "${parameter}"`);
}
