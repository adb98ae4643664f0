/** Whether both tiers agree on who closes an idle connection between them first. */
import type { KeptUpstream } from '../proxy/describe.ts';

/**
 * A warning for each upstream that keeps idle connections to the pool at least as long as the pool
 * does: a request may then meet a connection that is just being closed, and a POST is not sent twice.
 * `serves` names the servers of the file that the pools answer.
 */
export function findKeepaliveClashes(
  file: string,
  upstreams: readonly KeptUpstream[],
  pool: { readonly keepalive: number; readonly serves: ReadonlySet<string> },
): string[] {
  // 0 closes after each response, and says so in it.
  if (pool.keepalive === 0) return [];
  return upstreams
    .filter(({ servers }) => servers.some((server) => pool.serves.has(server)))
    .filter(({ timeoutMs }) => timeoutMs >= pool.keepalive * 1000)
    .map(
      ({ name, timeoutMs }) =>
        `upstream "${name}" keeps idle connections for ${timeoutMs / 1000} s, the pool closes them after ` +
        `${pool.keepalive} s, so a request may be lost in between: set keepalive_timeout in ${file} ` +
        `below that, or start with tandem up -- --keep-alive ${Math.floor(timeoutMs / 1000) + 5}`,
    );
}
