/**
 * nginx's proxy module: passes requests to upstream servers over HTTP. This file says what the
 * module is; the directives are in `proxy-directives.ts`, what they make of a location in
 * `proxy-compile.ts`, and the exchange with a server in `proxy/upstream/exchange.ts`.
 */
import { LIMIT_EXCEPT, LOCATION_IF, type Scope } from '../config/directive.ts';
import { defineModule } from '../http/module.ts';
import { DONE } from '../http/phases.ts';
import type { HttpRequest } from '../http/request.ts';
import type { VariableRow } from '../http/variables.ts';
import { startExchange } from '../upstream/exchange.ts';
import type { PassTarget } from '../upstream/pass.ts';
import { registryOf } from '../upstream/registry.ts';
import { exchangeOf } from '../upstream/variables.ts';
import { compilePlan } from './proxy-compile.ts';
import { PROXY_DEFAULTS, type ProxyConf, proxyRows } from './proxy-directives.ts';
import { addKeptFields } from './proxy-replies.ts';

const variables: readonly VariableRow[] = [
  { name: 'proxy_host', isChangeable: true, get: (r) => targetOf(r)?.host },
  { name: 'proxy_port', isChangeable: true, get: (r) => targetOf(r)?.port },
  { name: 'proxy_add_x_forwarded_for', get: addForwardedFor },
];

/** What `proxy_pass` of this location says: an internal redirect leaves it behind, as in nginx. */
function targetOf(r: HttpRequest): PassTarget | undefined {
  const exchange = exchangeOf(r);
  return exchange?.location === r.location ? exchange.target : undefined;
}

/** `$proxy_add_x_forwarded_for`: the client's own list, then the client. */
function addForwardedFor(r: HttpRequest): string {
  const list = r.head.xForwardedFor;
  return list === undefined || list === '' ? r.clientAddress : `${list}, ${r.clientAddress}`;
}

export const proxy = defineModule<ProxyConf>({
  name: 'http_proxy',
  directives: proxyRows,
  defaults: PROXY_DEFAULTS,
  merge: mergeProxy,
  variables,
  // Where nothing is passed on, nothing is kept.
  headerFilter: (_conf, { http }) =>
    registryOf(http).groups.length === 0 ? undefined : addKeptFields,
  handler(conf, site) {
    const plan = compilePlan(conf, site);
    if (plan === undefined) return undefined;
    return (r) => {
      startExchange(r, plan);
      return DONE;
    };
  },
});

/**
 * nginx `ngx_http_proxy_merge_loc_conf`: only the nameless blocks `if` and `limit_except` take over
 * where requests are passed to.
 */
function mergeProxy(own: Partial<ProxyConf>, outer: ProxyConf, scope: Scope): ProxyConf {
  const isNameless = scope.context === LOCATION_IF || scope.context === LIMIT_EXCEPT;
  const isSaid = Object.keys(own).length > 0;
  if (!isSaid && (isNameless || outer.proxy_pass === undefined)) return outer;
  const merged = { ...outer, ...own };
  merged.proxy_pass = own.proxy_pass ?? (isNameless ? outer.proxy_pass : undefined);
  return merged;
}
