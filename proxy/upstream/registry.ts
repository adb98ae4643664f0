/** Where the upstream groups of one load are kept. */
import type { ModuleKey } from '../config/directive.ts';
import type { HttpLoad } from '../http/load.ts';
import { UpstreamRegistry } from './groups.ts';

const UPSTREAMS: ModuleKey = { name: 'upstream groups' };

/** The groups of a load: `upstream` adds to it, `proxy_pass` looks into it. */
export function registryOf(http: HttpLoad): UpstreamRegistry {
  return http.state(UPSTREAMS, makeRegistry);
}

function makeRegistry(): UpstreamRegistry {
  return new UpstreamRegistry();
}
