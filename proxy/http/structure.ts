/**
 * The blocks of the http block as they were read, before anything is compiled: servers, locations
 * and the names and addresses of servers. Nothing here is inherited.
 */
import type { Directive, Scope } from '../config/directive.ts';
import type { Listen } from './listen.ts';
import type { HttpLoad } from './load.ts';
import type { LocationKind } from './location.ts';
import type { Matcher } from './matcher.ts';

/** A `server` block as read. */
export interface ServerBlock {
  readonly scope: Scope;
  readonly directive: Directive;
}

/** A `location` block as read. */
export interface LocationBlock {
  readonly scope: Scope;
  readonly kind: LocationKind;
  readonly name: string;
  /** Of a regular expression; compiled as it is read, so that its named captures are known. */
  readonly matcher: Matcher | undefined;
  readonly directive: Directive;
}

/** One word of `server_name`; `matcher` as in LocationBlock, for a name that starts with `~`. */
export interface ServerName {
  /** In lower case, `$hostname` resolved; a regular expression as written, with its `~`. */
  readonly name: string;
  readonly matcher: Matcher | undefined;
  readonly directive: Directive;
}

/** What stands in one block besides settings. */
export interface Structure {
  http: { readonly scope: Scope; readonly load: HttpLoad };
  servers: ServerBlock[];
  locations: LocationBlock[];
  listens: Listen[];
  server_names: ServerName[];
}

const KEY = { name: 'http_structure' };

/** What stands in a block, to be read and to be added to. */
export function structureOf(scope: Scope): Partial<Structure> {
  return scope.own<Structure>(KEY);
}

const blocks = new WeakMap<Scope, LocationBlock>();

/** Adds a location to the block around it. */
export function addLocation(outer: Scope, block: LocationBlock): void {
  const structure = structureOf(outer);
  structure.locations ??= [];
  structure.locations.push(block);
  blocks.set(block.scope, block);
}

/** The location block a scope was opened for, if it was one. */
export function locationBlockOf(scope: Scope): LocationBlock | undefined {
  return blocks.get(scope);
}
