/** Converters of routes: how a part of an address reads, and what it becomes (Django's path converters). */

import { encodePath } from './percent-encoding.ts';

const HEX = '[0-9a-f]';

/**
 * A pattern has neither capturing groups nor braces, which hono's spelling of a route has a meaning
 * for. `read` gives undefined where the text is no value: then the address is not of this route.
 */
interface Converter<Value> {
  readonly pattern: string;
  read(text: string): Value | undefined;
}

const asText = (text: string): string => text;

const converters = {
  /** Digits. What no number holds exactly is no value. */
  int: {
    pattern: '[0-9]+',
    read: (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : undefined),
  } satisfies Converter<number>,
  /** Anything but a slash. */
  str: { pattern: '[^/]+', read: asText } satisfies Converter<string>,
  /** ASCII letters, digits, hyphen and underscore. */
  slug: { pattern: '[-a-zA-Z0-9_]+', read: asText } satisfies Converter<string>,
  /** A UUID with hyphens, in lower case. */
  uuid: {
    pattern: [8, 4, 4, 4, 12].map((digits) => HEX.repeat(digits)).join('-'),
    read: asText,
  } satisfies Converter<string>,
  /** Anything, with slashes. */
  path: { pattern: '.+', read: asText } satisfies Converter<string>,
} as const;

const wholes = Object.fromEntries(
  Object.entries(converters).map(([kind, { pattern }]) => [kind, new RegExp(`^(?:${pattern})$`)]),
) as Readonly<Record<keyof typeof converters, RegExp>>;

/** What stands before the colon in `<int:id>`. */
export type ConverterName = keyof typeof converters;

/** What a converter reads: a number for `int`, a text for the others. */
export type ConvertedBy<Kind extends string> = Kind extends ConverterName
  ? NonNullable<ReturnType<(typeof converters)[Kind]['read']>>
  : never;

/** Whether `kind` is the name of a converter. */
export function isConverter(kind: string): kind is ConverterName {
  return Object.hasOwn(converters, kind);
}

/** The regular expression of what `kind` reads, without anchors. */
export function patternOf(kind: ConverterName): string {
  return converters[kind].pattern;
}

/**
 * What `text` of an address, percent-decoded, becomes; undefined where it is no value. The router saw
 * it before all escapes were undone: `a%2Fb` is "a/b", which no `str` is.
 */
export function readValue(kind: ConverterName, text: string): string | number | undefined {
  return fits(kind, text) ? converters[kind].read(text) : undefined;
}

/** The part of an address for `value`, percent-encoded; undefined where it does not fit. */
export function writeValue(kind: ConverterName, value: unknown): string | undefined {
  const text = String(value);
  if (!fits(kind, text)) return undefined;
  return kind === 'path' ? encodePath(text) : encodeURIComponent(text);
}

function fits(kind: ConverterName, text: string): boolean {
  return wholes[kind].test(text);
}
