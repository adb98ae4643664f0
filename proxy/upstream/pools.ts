/**
 * The connections kept to peers. All peers of a group share one bound (`keepalive N`); with `local`
 * each location has connections of its own within it. See nginx `ngx_http_upstream_keepalive_module`.
 */
import { ClientPool, KeepaliveCache } from '../../http1/client-pool.ts';
import { responseHeadLimits } from '../../wire/head-limits.ts';
import type { UpstreamGroup } from './groups.ts';
import type { Peer } from './peers.ts';
import type { ProxyPlan } from './plan.ts';

/** The pools of one group in this thread. */
export class GroupPools {
  readonly #cache: KeepaliveCache | undefined;
  readonly #isLocal: boolean;
  readonly #pools = new Map<Peer, Map<ProxyPlan | number, ClientPool>>();
  #lastPeer: Peer | undefined = undefined;
  #lastPlan: ProxyPlan | undefined = undefined;
  #lastPool: ClientPool | undefined = undefined;

  constructor(group: UpstreamGroup) {
    const { keepalive } = group;
    this.#cache = keepalive.connections === 0 ? undefined : new KeepaliveCache(keepalive);
    this.#isLocal = keepalive.isLocal;
  }

  /** The pool of connections to `peer` that requests of `plan` may use. */
  poolOf(peer: Peer, plan: ProxyPlan): ClientPool {
    if (peer === this.#lastPeer && plan === this.#lastPlan) return this.#lastPool!;
    let pools = this.#pools.get(peer);
    if (pools === undefined) {
      pools = new Map();
      this.#pools.set(peer, pools);
    }
    // Connections read response heads within their location's bound, so that is part of the key.
    const key = this.#isLocal ? plan : plan.bufferSize;
    let pool = pools.get(key);
    if (pool === undefined) {
      const headLimits = responseHeadLimits(plan.bufferSize);
      pool = new ClientPool(peer.address, { headLimits, cache: this.#cache });
      pools.set(key, pool);
    }
    this.#lastPeer = peer;
    this.#lastPlan = plan;
    this.#lastPool = pool;
    return pool;
  }

  /** Closes idle connections and keeps none from now on. */
  close(): void {
    for (const pools of this.#pools.values()) for (const pool of pools.values()) pool.close();
  }
}
