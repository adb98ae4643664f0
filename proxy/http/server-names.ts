/**
 * Chooses a virtual server by host name, in nginx's order: exact name, longest wildcard that starts
 * with `*`, longest wildcard that ends with `*`, first regular expression, default server.
 */
import type { VirtualServer } from './location.ts';
import type { Matcher } from './matcher.ts';
import type { HttpRequest } from './request.ts';

interface RegexName {
  readonly matcher: Matcher;
  readonly server: VirtualServer;
}

/** One address's servers. */
export class ServerNames {
  defaultServer: VirtualServer;
  private readonly exact = new Map<string, VirtualServer>();
  /** `*.example.org` by `example.org`. */
  private readonly leading = new Map<string, VirtualServer>();
  /** `mail.*` by `mail`. */
  private readonly trailing = new Map<string, VirtualServer>();
  private readonly regexes: RegexName[] = [];

  constructor(defaultServer: VirtualServer) {
    this.defaultServer = defaultServer;
  }

  /**
   * Adds a name in lower case: `a.b`, `*.b`, `.b` (both forms) or `a.*`. False where the name was
   * taken before: the first server keeps it (nginx warns `conflicting server name`).
   */
  add(name: string, server: VirtualServer): boolean {
    if (name.startsWith('*.')) return put(this.leading, name.slice(2), server);
    if (name.endsWith('.*')) return put(this.trailing, name.slice(0, -2), server);
    if (name.startsWith('.')) {
      const isNew = put(this.exact, name.slice(1), server);
      return put(this.leading, name.slice(1), server) && isNew;
    }
    return put(this.exact, name, server);
  }

  addRegex(matcher: Matcher, server: VirtualServer): void {
    this.regexes.push({ matcher, server });
  }

  /** The server for a host in lower case without port; regular expressions put captures into `r`. */
  find(host: string, r: HttpRequest): VirtualServer {
    const exact = this.exact.get(host);
    if (exact !== undefined) return exact;
    if (host === '') return this.defaultServer;
    const wildcard = this.findWildcard(host);
    if (wildcard !== undefined) return wildcard;
    for (const { matcher, server } of this.regexes) if (matcher.match(r, host)) return server;
    return this.defaultServer;
  }

  private findWildcard(host: string): VirtualServer | undefined {
    const found = this.leading.size === 0 ? undefined : findLeading(this.leading, host);
    if (found !== undefined || this.trailing.size === 0) return found;
    return findTrailing(this.trailing, host);
  }
}

function put(map: Map<string, VirtualServer>, name: string, server: VirtualServer): boolean {
  if (map.has(name)) return false;
  map.set(name, server);
  return true;
}

function findLeading(map: Map<string, VirtualServer>, host: string): VirtualServer | undefined {
  for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
    const found = map.get(host.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

function findTrailing(map: Map<string, VirtualServer>, host: string): VirtualServer | undefined {
  for (let dot = host.lastIndexOf('.'); dot > 0; dot = host.lastIndexOf('.', dot - 1)) {
    const found = map.get(host.slice(0, dot));
    if (found !== undefined) return found;
  }
  return undefined;
}
