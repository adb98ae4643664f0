/**
 * Tells a directive that nginx does not know from one that Tandem does not support, with nginx's
 * own machine-readable reference (`@nginx/reference-lib`). It is loaded only when a name was not
 * found among our rows: a working configuration never pays for it.
 */

import { createRequire } from 'node:module';
import {
  type Directive,
  EVENTS,
  fail,
  failDirective,
  HTTP,
  LIMIT_EXCEPT,
  LOCATION,
  LOCATION_IF,
  MAIN,
  SERVER,
  SERVER_IF,
  UPSTREAM,
} from './directive.ts';

/** Our contexts in the words of the reference. */
const CONTEXT_NAMES: ReadonlyMap<number, string> = new Map([
  [MAIN, 'main'],
  [EVENTS, 'events'],
  [HTTP, 'http'],
  [SERVER, 'server'],
  [LOCATION, 'location'],
  [SERVER_IF, 'if'],
  [LOCATION_IF, 'if in location'],
  [LIMIT_EXCEPT, 'limit_except'],
  [UPSTREAM, 'upstream'],
]);

/**
 * Reports a directive that no row of ours takes here. `isOurs` says that some row has the name in
 * another context. Throws always.
 */
export function failUnknown(directive: Directive, context: number, isOurs: boolean): never {
  const known = modulesOf(directive.name);
  const here = known.find((entry) => mayStand(entry, context));
  if (here !== undefined) {
    const module = here.module.startsWith('ngx_') ? `module ${here.module}` : 'nginx core';
    fail(
      directive,
      `directive "${directive.name}" (${module}) is not supported ${isOurs ? 'here ' : ''}by Tandem`,
    );
  }
  if (isOurs || known.length > 0) failDirective(directive, 'is not allowed here');
  fail(directive, `unknown directive "${directive.name}"`);
}

/** A directive of nginx as its reference has it. */
export interface KnownDirective {
  readonly name: string;
  readonly module: string;
  readonly contexts: readonly string[];
}

/** Modules of nginx that have a directive of this name. */
export function modulesOf(name: string): readonly KnownDirective[] {
  return knownDirectives().filter((entry) => entry.name === name);
}

function mayStand(entry: KnownDirective, context: number): boolean {
  // A `server` of the stream or mail module is not the `server` of http.
  if (context !== MAIN && /^ngx_(stream|mail|mgmt)_/.test(entry.module)) return false;
  return entry.contexts.includes(CONTEXT_NAMES.get(context) ?? '');
}

/** The module of a built-in variable of nginx's http part; undefined where it knows none. */
export function variableModuleOf(name: string): string | undefined {
  for (const { name: known, module } of reference().getVariables()) {
    if (!module.startsWith('ngx_http_')) continue;
    // Families stand there as `$http_NAME`.
    const family = known.endsWith('NAME') ? known.slice(1, -'NAME'.length) : undefined;
    if (family === undefined ? known === `$${name}` : name.startsWith(family)) return module;
  }
  return undefined;
}

function reference(): typeof import('@nginx/reference-lib') {
  return createRequire(import.meta.url)('@nginx/reference-lib');
}

let loaded: readonly KnownDirective[] | undefined;

/** All directives of nginx's reference, loaded at the first call (about 40 ms). */
export function knownDirectives(): readonly KnownDirective[] {
  loaded ??= reference().getDirectives();
  return loaded;
}
