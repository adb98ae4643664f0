/**
 * What a request's query says, typed. A value that is missing is the default; one that cannot be read
 * is answered 400 and named in the log, since a silent default would answer another question.
 */

import { HTTPException } from 'hono/http-exception';
import type { RequestContext } from './views.ts';

/** Bounds of a whole number, both included. */
export interface IntegerBounds {
  readonly least: number;
  readonly most: number;
}

/** The whole number `name` of the query; `byDefault` without it. */
export function queryInteger<Default>(
  c: RequestContext,
  name: string,
  bounds: IntegerBounds,
  byDefault: Default,
): number | Default {
  const text = c.req.query(name);
  return text === undefined ? byDefault : readInteger(name, text, bounds);
}

/** Every whole number `name` of the query, in order; at most `longest` of them. */
export function queryIntegers(
  c: RequestContext,
  name: string,
  bounds: IntegerBounds,
  longest: number,
): number[] {
  const texts = c.req.queries(name) ?? [];
  if (texts.length > longest) throw badQuery(name, `more than ${longest} values`);
  return texts.map((text) => readInteger(name, text, bounds));
}

/** The text `name` of the query without spaces around it, at most `longest` characters; '' without it. */
export function queryText(c: RequestContext, name: string, longest: number): string {
  const text = (c.req.query(name) ?? '').trim();
  // PostgreSQL takes no NUL in a text, and no page means one.
  if (text.length > longest || text.includes('\0')) throw badQuery(name, 'not such a text');
  return text;
}

/** The yes or no `name` of the query: `?name`, `name=1`, `name=no`; `byDefault` without it. */
export function queryFlag(c: RequestContext, name: string, byDefault = false): boolean {
  const text = c.req.query(name)?.toLowerCase();
  if (text === undefined) return byDefault;
  if (['', '1', 'true', 'yes', 'on'].includes(text)) return true;
  if (['0', 'false', 'no', 'off'].includes(text)) return false;
  throw badQuery(name, 'neither yes nor no');
}

/** The value `name` of the query, one of `values`; the first of them without it. */
export function queryOneOf<Value extends string>(
  c: RequestContext,
  name: string,
  values: readonly [Value, ...Value[]],
): Value {
  const text = c.req.query(name);
  if (text === undefined) return values[0];
  const found = values.find((value) => value === text);
  if (found === undefined) throw badQuery(name, `none of ${values.join(', ')}`);
  return found;
}

function readInteger(name: string, text: string, { least, most }: IntegerBounds): number {
  const value = /^-?[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw badQuery(name, `no whole number from ${least} to ${most}`);
}

function badQuery(name: string, reason: string): HTTPException {
  return new HTTPException(400, { message: `invalid "${name}" in the query: ${reason}` });
}
