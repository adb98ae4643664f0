/** What the gateways of all requests of one thread share; see appserver/gateway.ts. */
import type { ServerFacts, WorkerFacts } from '../gateway.ts';
import { VERSION } from '../version.ts';
import type { Forwarded } from '../worker/forwarded.ts';
import type { Lifetime } from '../worker/lifetime.ts';

export interface GatewayBase {
  readonly forwarded: Forwarded;
  readonly lifetime: Lifetime;
  readonly worker: WorkerFacts;
}

/** The same for every request. */
export const SERVER_FACTS: ServerFacts = Object.freeze({
  software: `tandem/${VERSION}`,
  interfaceVersion: '1.1',
});
