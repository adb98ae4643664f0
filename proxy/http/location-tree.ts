/**
 * Finds the location for a path as nginx does (`ngx_http_core_find_location`): an exact one ends the
 * search; else the longest prefix is remembered, its nested locations are searched, and unless it
 * said `^~` the regular expressions are tried in the order of the file.
 */
import { combine } from '../config/regex.ts';
import type { Location } from './location.ts';
import type { Matcher } from './matcher.ts';
import type { HttpRequest } from './request.ts';

export interface RegexLocation {
  readonly matcher: Matcher;
  readonly location: Location;
}

/** What a search ended with: whether it is final for the levels around. */
interface Found {
  location: Location | undefined;
  isFinal: boolean;
}

/** A node of the radix tree of prefixes: `segment` continues the parent's text. */
interface PrefixNode {
  segment: string;
  location: Location | undefined;
  readonly children: Map<number, PrefixNode>;
}

export class LocationTree {
  private readonly exact = new Map<string, Location>();
  private readonly root: PrefixNode = { segment: '', location: undefined, children: new Map() };
  /** Paths that a proxied location redirects to themselves with a slash. */
  private readonly slashless = new Map<string, Location>();
  private readonly regexes: readonly RegexLocation[];
  /** One alternation of all the expressions: false spares trying them one by one. */
  private readonly any: RegExp | undefined;

  constructor(fixed: readonly Location[], regexes: readonly RegexLocation[]) {
    for (const location of fixed) {
      if (location.kind === 'exact') this.exact.set(location.name, location);
      else insert(this.root, location.name, location);
      if (location.redirectsToSlash && location.name.endsWith('/')) {
        this.slashless.set(location.name.slice(0, -1), location);
      }
    }
    this.regexes = regexes;
    this.any =
      regexes.length < 2 ? undefined : combine(regexes.map(({ matcher }) => matcher.regex));
  }

  /** The location for `r.uri`, or `undefined`. Captures of a matching expression go into `r`. */
  find(r: HttpRequest): Location | undefined {
    return this.search(r).location;
  }

  private search(r: HttpRequest): Found {
    const { uri } = r;
    if (this.exact.size !== 0) {
      const exact = this.exact.get(uri);
      if (exact !== undefined) return { location: exact, isFinal: true };
    }
    let location = longestPrefix(this.root, uri);
    if (this.slashless.size !== 0 && location?.name.length !== uri.length) {
      const redirecting = this.slashless.get(uri);
      if (redirecting !== undefined) return { location: redirecting, isFinal: true };
    }
    const stopsRegexes = location?.kind === 'no-regex';
    if (location?.tree !== undefined) {
      const inner = location.tree.search(r);
      if (inner.isFinal) return inner;
      location = inner.location ?? location;
    }
    if (!stopsRegexes) {
      const matching = this.searchRegexes(r);
      if (matching !== undefined) return { location: matching, isFinal: true };
    }
    return { location, isFinal: false };
  }

  private searchRegexes(r: HttpRequest): Location | undefined {
    if (this.regexes.length === 0) return undefined;
    if (this.any !== undefined && !this.any.test(r.uri)) return undefined;
    for (const { matcher, location } of this.regexes) {
      if (!matcher.match(r, r.uri)) continue;
      return location.tree?.search(r).location ?? location;
    }
    return undefined;
  }
}

function insert(root: PrefixNode, name: string, location: Location): void {
  let node = root;
  let rest = name;
  while (rest !== '') {
    const child = node.children.get(rest.charCodeAt(0));
    if (child === undefined) {
      node.children.set(rest.charCodeAt(0), { segment: rest, location, children: new Map() });
      return;
    }
    const common = commonLength(child.segment, rest);
    if (common < child.segment.length) split(child, common);
    rest = rest.slice(common);
    node = child;
  }
  node.location = location;
}

function commonLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let n = 0;
  while (n < most && a.charCodeAt(n) === b.charCodeAt(n)) n++;
  return n;
}

/** Cuts a node in two: its first `at` characters, and a child with the rest. */
function split(node: PrefixNode, at: number): void {
  const lower: PrefixNode = {
    segment: node.segment.slice(at),
    location: node.location,
    children: new Map(node.children),
  };
  node.segment = node.segment.slice(0, at);
  node.location = undefined;
  node.children.clear();
  node.children.set(lower.segment.charCodeAt(0), lower);
}

function longestPrefix(root: PrefixNode, uri: string): Location | undefined {
  let node = root;
  let best = root.location;
  let at = 0;
  while (at < uri.length) {
    const child = node.children.get(uri.charCodeAt(at));
    if (child === undefined || !uri.startsWith(child.segment, at)) break;
    at += child.segment.length;
    node = child;
    if (node.location !== undefined) best = node.location;
  }
  return best;
}
