/**
 * URL patterns with converters and names, and their reverse.
 *
 * @example
 * const urlpatterns = [
 *   path('', index, 'index'),
 *   path('<int:questionId>/', detail, 'detail'), // detail's params: { questionId: number }
 *   ...include('comments/', comments),           // also within a module that is included itself
 * ];
 */

import {
  type ConvertedBy,
  type ConverterName,
  isConverter,
  patternOf,
  readValue,
  writeValue,
} from './converters.ts';
import type { View } from './views.ts';

/** Parameters that a route gives its view: `'<int:id>/'` gives `{ readonly id: number }`. */
export type ParamsOf<Route extends string> =
  Route extends `${string}<${infer Kind}:${infer Name}>${infer Rest}`
    ? { readonly [Key in Name]: ConvertedBy<Kind> } & ParamsOf<Rest>
    : unknown;

/** Values read from a path, by parameter name. */
export type Params = Readonly<Record<string, string | number>>;

/** One route with its view; made by `path`. `Outer` are the parameters it wants of prefixes around it. */
export interface UrlPattern<Outer = object> {
  readonly route: string;
  // The route's literal type was checked against the view's parameters by `path`.
  readonly view: View<never>;
  readonly name: string | undefined;
  /** Nothing at run time: holds `Outer` for the compiler. */
  readonly outer?: (params: Outer) => void;
}

/** The routes of one application; `appName` is the namespace of their names. */
export interface UrlModule<Outer = object> {
  readonly appName: string;
  readonly urlpatterns: readonly UrlPattern<Outer>[];
}

/** What is left of `Outer` when a prefix gives `Given`; a parameter of another type is not given. */
type StillWanted<Outer, Given> = {
  readonly [Key in keyof Outer as Key extends keyof Given
    ? Given[Key] extends Outer[Key]
      ? never
      : Key
    : Key]: Outer[Key];
};

/** Binds `view` to `route`, which has no leading slash. A view whose parameters do not fit fails to compile. */
export function path<Route extends string>(
  route: Route,
  view: View<ParamsOf<Route>>,
  name?: string,
): UrlPattern {
  return { route, view: view as View<never>, name };
}

/**
 * `path` for the routes of a module that is included below a prefix with parameters, which its views
 * get as well. A module that is included elsewhere fails to compile where the site is built.
 *
 * @example
 * const path = pathBelow<'<int:year>/'>();
 * const urlpatterns = [path('<slug:title>/', entry)]; // entry's params: { year: number, title: string }
 * // and in the site's urls: ...include('archive/<int:year>/', blog)
 */
export function pathBelow<Prefix extends string>(): <Route extends string>(
  route: Route,
  view: View<ParamsOf<Prefix> & ParamsOf<Route>>,
  name?: string,
) => UrlPattern<ParamsOf<Prefix>> {
  return (route, view, name) => ({ route, view: view as View<never>, name });
}

/**
 * Puts the routes of an application below `prefix`: `include('polls/', polls)`. Their names get its
 * namespace: "polls:index", and "shop:cart:index" where `cart` is included in `shop`.
 */
export function include<Prefix extends string, Outer>(
  prefix: Prefix,
  module: UrlModule<Outer>,
): readonly UrlPattern<StillWanted<Outer, ParamsOf<Prefix>>>[] {
  return module.urlpatterns.map(({ route, view, name }) => ({
    route: prefix + route,
    view,
    name: name === undefined ? undefined : `${module.appName}:${name}`,
  }));
}

interface Part {
  readonly name: string;
  readonly converter: ConverterName;
}

/** A route ready to be matched and reversed. */
export interface CompiledRoute {
  readonly name: string | undefined;
  readonly view: View<never>;
  /** As it was written, without a leading slash: `polls/<int:questionId>/`. */
  readonly route: string;
  /** Names of its parameters, in their order. */
  readonly parameters: readonly string[];
  /** As hono's router spells it: `/polls/:questionId{[0-9]+}/`. */
  readonly honoPath: string;
  /** Turns the matched texts into values; undefined where one is no value, so the address is not of this route. */
  readParams(texts: Readonly<Record<string, string>>): Params | undefined;
  /** The path for `values`, in the order of the route's parameters. Throws where one does not fit. */
  build(values: readonly unknown[]): string;
}

/** Compiles one pattern. Throws on an unknown converter or a malformed parameter. */
export function compileRoute(pattern: UrlPattern): CompiledRoute {
  const literals: string[] = [];
  const parts: Part[] = [];
  let rest = pattern.route;
  for (let open = rest.indexOf('<'); open !== -1; open = rest.indexOf('<')) {
    const close = rest.indexOf('>', open);
    if (close === -1) throw new Error(`parameter without ">" in route "${pattern.route}"`);
    literals.push(rest.slice(0, open));
    parts.push(readPart(rest.slice(open + 1, close), pattern.route));
    rest = rest.slice(close + 1);
  }
  literals.push(rest);
  const parameters = parts.map(({ name }) => name);
  const twice = parameters.find((name, index) => parameters.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new Error(`parameter "${twice}" twice in route "${pattern.route}"`);
  }
  return {
    name: pattern.name,
    view: pattern.view,
    route: pattern.route,
    parameters,
    honoPath: `/${interleave(literals, parts, ({ name, converter }) => `:${name}{${patternOf(converter)}}`)}`,
    readParams: (texts) => readParams(parts, texts),
    build: (values) => buildPath(literals, parts, values, pattern.route),
  };
}

function readPart(text: string, route: string): Part {
  const [, kind = '', name = ''] = /^([a-z]+):([A-Za-z]\w*)$/.exec(text) ?? [];
  if (!isConverter(kind)) throw new Error(`invalid parameter "<${text}>" in route "${route}"`);
  return { name, converter: kind };
}

function interleave(
  literals: readonly string[],
  parts: readonly Part[],
  spell: (part: Part, index: number) => string,
): string {
  let text = literals[0]!;
  for (let i = 0; i < parts.length; i++) text += spell(parts[i]!, i) + literals[i + 1]!;
  return text;
}

function readParams(
  parts: readonly Part[],
  texts: Readonly<Record<string, string>>,
): Params | undefined {
  const params: Record<string, string | number> = {};
  for (const { name, converter } of parts) {
    const value = readValue(converter, texts[name] ?? '');
    if (value === undefined) return undefined;
    params[name] = value;
  }
  return params;
}

function buildPath(
  literals: readonly string[],
  parts: readonly Part[],
  values: readonly unknown[],
  route: string,
): string {
  if (values.length !== parts.length) {
    throw new Error(`route "${route}" takes ${parts.length} values, got ${values.length}`);
  }
  const written = interleave(literals, parts, ({ converter }, index) => {
    const written = writeValue(converter, values[index]);
    if (written !== undefined) return written;
    throw new Error(`"${values[index]}" does not fit "${converter}" in route "${route}"`);
  });
  return `/${written}`;
}

/** All routes of a site in the order they are tried, and their reverse. */
export class RouteTable {
  readonly routes: readonly CompiledRoute[];
  readonly #byName: ReadonlyMap<string, CompiledRoute>;

  constructor(patterns: readonly UrlPattern[]) {
    this.routes = patterns.map(compileRoute);
    const byName = new Map<string, CompiledRoute>();
    for (const route of this.routes) {
      if (route.name !== undefined) byName.set(route.name, route);
    }
    this.#byName = byName;
  }

  /** The route of this name. */
  find(name: string): CompiledRoute | undefined {
    return this.#byName.get(name);
  }

  /**
   * The path of the named route: `reverse('polls:detail', 3)` is `/polls/3/`. Throws where there is
   * no such name or a value does not fit.
   */
  reverse(name: string, ...values: readonly unknown[]): string {
    const route = this.#byName.get(name);
    if (route === undefined) throw new Error(`no route is named "${name}"`);
    return route.build(values);
  }
}
