/** Every peer, in the order of a round. */
import { haproxy } from './haproxy.ts';
import { nginx, nginxWithCache } from './nginx.ts';
import { cluster, hono, nodeHttp, pm2 } from './node-pools.ts';
import { obviousStack } from './obvious-stack.ts';
import type { Peer } from './peer.ts';
import { tandemAppserver } from './tandem-appserver.ts';
import { tandemProxy, tandemProxyWithCache } from './tandem-proxy.ts';

export const PEERS: readonly Peer[] = [
  nginx,
  nginxWithCache,
  haproxy,
  obviousStack,
  tandemProxy,
  tandemProxyWithCache,
  nodeHttp,
  hono,
  cluster,
  pm2,
  tandemAppserver,
];

/** Measured only where asked for by name. */
export const ON_REQUEST: readonly string[] = ['tandem-cache'];
