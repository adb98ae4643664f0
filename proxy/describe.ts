/** What others need to know of a configuration before the proxy runs it: where it listens, whom it asks. */
import { resolve } from 'node:path';
import { type Cycle, loadCycle } from './cycle.ts';
import type { ListenAddress } from './http/listen.ts';
import type { HttpLoad } from './http/load.ts';
import { messageOf } from './main.ts';
import { registryOf } from './upstream/registry.ts';

/** `listens` in the order of the file; `urls` are what a person types. */
export interface Description {
  readonly pid: string;
  readonly listens: readonly (string | { readonly host: string; readonly port: number })[];
  readonly urls: readonly string[];
  /** Paths of Unix sockets that upstreams name, as written. */
  readonly sockets: readonly string[];
  /** Groups of servers to which idle connections are kept. */
  readonly keptUpstreams: readonly KeptUpstream[];
}

/** A group of servers to which idle connections are kept. */
export interface KeptUpstream {
  readonly name: string;
  /** `unix:PATH` or `HOST:PORT`. */
  readonly servers: readonly string[];
  /** `keepalive_timeout` of the group, milliseconds. */
  readonly timeoutMs: number;
}

/** Reads the file in a folder; `error` is nginx's message. */
export function describeConfiguration(
  folder: string,
  file: string,
): Description | { error: string } {
  let cycle: Cycle;
  try {
    cycle = loadCycle({
      prefix: folder.endsWith('/') ? folder : `${folder}/`,
      file: resolve(folder, file),
      directives: '',
      errorLog: undefined,
    });
  } catch (error) {
    return { error: messageOf(error) };
  }
  const listens = (cycle.http?.addresses ?? []).map(({ listen }) => listen);
  return {
    pid: cycle.main.pid,
    listens: listens.map((listen) =>
      listen.path === '' ? { host: reachable(listen), port: listen.port } : listen.path,
    ),
    urls: listens.filter(({ path }) => path === '').map(urlOf),
    sockets: cycle.http === undefined ? [] : unixUpstreams(cycle.http.load),
    keptUpstreams: cycle.http === undefined ? [] : keptUpstreams(cycle.http.load),
  };
}

/** An address to connect to: this machine where the socket listens on all. */
function reachable({ host }: ListenAddress): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

function urlOf(listen: ListenAddress): string {
  const { host, port } = listen;
  const name =
    host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}${port === 80 ? '' : `:${port}`}/`;
}

/** Paths of the Unix sockets that upstream servers are, each once. */
function unixUpstreams(http: HttpLoad): string[] {
  const paths = new Set<string>();
  for (const { servers } of registryOf(http).groups) {
    for (const { addresses } of servers) {
      for (const { address } of addresses) if ('path' in address) paths.add(address.path);
    }
  }
  return [...paths];
}

function keptUpstreams(http: HttpLoad): KeptUpstream[] {
  return [...registryOf(http).groups]
    .filter(({ keepalive }) => keepalive.connections > 0)
    .map(({ name, servers, keepalive }) => ({
      name,
      servers: servers.flatMap(({ addresses }) => addresses.map((each) => each.name)),
      timeoutMs: keepalive.timeoutMs,
    }));
}
