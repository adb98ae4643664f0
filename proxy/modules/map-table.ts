/**
 * The keys of one `map` and how a value finds its entry: as a string, as a host name with wildcards,
 * by expression, else the default. See nginx `ngx_http_map_find`.
 */
import type { Matcher } from '../http/matcher.ts';
import type { HttpRequest } from '../http/request.ts';

/** Why a key cannot be added. */
export type KeyProblem = 'conflict' | 'bad-host';

/** `E` is what stands beside a key. Keys are compared without regard to case. */
export class MapTable<E> {
  /** Whether keys may be host names with wildcards; known before keys are added. */
  hasHostnames = false;
  private readonly exact = new Map<string, E>();
  /** `*.example.org` by `example.org`. */
  private readonly leading = new Map<string, E>();
  /** `mail.*` by `mail`. */
  private readonly trailing = new Map<string, E>();
  private readonly expressions: { readonly matcher: Matcher; readonly entry: E }[] = [];

  /** Adds a key that is not an expression (ngx_hash_add_key). */
  add(key: string, entry: E): KeyProblem | undefined {
    const lower = lowerCase(key);
    if (!this.hasHostnames) return put(this.exact, lower, entry);
    if (lower.split('*').length > 2 || lower.includes('..') || lower.includes('\0')) {
      return 'bad-host';
    }
    if (lower.startsWith('.') && lower.length > 1) return this.addBoth(lower.slice(1), entry);
    if (lower.startsWith('*.') && lower.length > 2) return put(this.leading, lower.slice(2), entry);
    if (lower.endsWith('.*') && lower.length > 2)
      return put(this.trailing, lower.slice(0, -2), entry);
    return lower.includes('*') ? 'bad-host' : put(this.exact, lower, entry);
  }

  addExpression(matcher: Matcher, entry: E): void {
    this.expressions.push({ matcher, entry });
  }

  /** The entry for a value; an expression puts its captures into the request. */
  find(r: HttpRequest, value: string): E | undefined {
    const text = this.hasHostnames && value.endsWith('.') ? value.slice(0, -1) : value;
    const lower = lowerCase(text);
    const found = this.exact.get(lower) ?? this.findHost(lower);
    if (found !== undefined || text === '') return found;
    for (const { matcher, entry } of this.expressions) if (matcher.match(r, text)) return entry;
    return undefined;
  }

  private addBoth(host: string, entry: E): KeyProblem | undefined {
    return put(this.exact, host, entry) ?? put(this.leading, host, entry);
  }

  /** The longest wildcard wins; those that begin with the star come first. */
  private findHost(host: string): E | undefined {
    if (this.leading.size !== 0) {
      for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
        const found = this.leading.get(host.slice(dot + 1));
        if (found !== undefined) return found;
      }
    }
    if (this.trailing.size === 0) return undefined;
    for (let dot = host.lastIndexOf('.'); dot > 0; dot = host.lastIndexOf('.', dot - 1)) {
      const found = this.trailing.get(host.slice(0, dot));
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function put<E>(table: Map<string, E>, key: string, entry: E): KeyProblem | undefined {
  if (table.has(key)) return 'conflict';
  table.set(key, entry);
  return undefined;
}

const UPPER = /[A-Z]/;

/** ASCII letters alone, as ngx_tolower: text is latin1, and other bytes are no letters. */
export function lowerCase(text: string): string {
  return UPPER.test(text) ? text.replace(/[A-Z]+/g, (run) => run.toLowerCase()) : text;
}
