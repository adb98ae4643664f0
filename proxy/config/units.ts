/**
 * Numbers, sizes and times in configuration words: pure functions from text to number. Each gives
 * `undefined` for what nginx refuses. Values beyond 2^53 lose their last digits, never their size.
 */

/** Largest 64-bit signed integer, where nginx's arithmetic ends. */
const LARGEST = 9223372036854775807n;

/** Decimal digits alone (ngx_atoi). */
export function parseNumber(text: string): number | undefined {
  const value = digits(text);
  return value === undefined ? undefined : Number(value);
}

/** Bytes, with `k` or `m` (ngx_parse_size). */
export function parseSize(text: string): number | undefined {
  return scaled(text, /[kKmM]$/);
}

/** Bytes, with `k`, `m` or `g` (ngx_parse_offset). */
export function parseOffset(text: string): number | undefined {
  return scaled(text, /[kKmMgG]$/);
}

const SCALES: Readonly<Record<string, bigint>> = { k: 1n << 10n, m: 1n << 20n, g: 1n << 30n };

function scaled(text: string, suffix: RegExp): number | undefined {
  const hasSuffix = suffix.test(text);
  const scale = hasSuffix ? (SCALES[text.at(-1)!.toLowerCase()] ?? 1n) : 1n;
  const value = digits(hasSuffix ? text.slice(0, -1) : text);
  return value === undefined || value * scale > LARGEST ? undefined : Number(value * scale);
}

function digits(text: string): bigint | undefined {
  if (!/^[0-9]+$/.test(text)) return undefined;
  const value = BigInt(text);
  return value > LARGEST ? undefined : value;
}

/** Seconds in each unit, largest first; a time names units in this order, each at most once. */
const UNITS: readonly (readonly [string, bigint])[] = [
  ['y', 31536000n],
  ['M', 2592000n],
  ['w', 604800n],
  ['d', 86400n],
  ['h', 3600n],
  ['m', 60n],
  ['s', 1n],
];
/** Steps after the units: milliseconds, and a bare number, which closes the time. */
const MS_STEP = UNITS.length;
const LAST_STEP = UNITS.length + 1;

/** A time in milliseconds: `1h 30m`, `10s`, `250ms`; a bare number is seconds (ngx_parse_time). */
export function parseMilliseconds(text: string): number | undefined {
  return parseTime(text, false);
}

/** A time in seconds: `1y`, `30d`, `10m`; milliseconds are refused (ngx_parse_time). */
export function parseSeconds(text: string): number | undefined {
  return parseTime(text, true);
}

function parseTime(text: string, isSeconds: boolean): number | undefined {
  const perSecond = isSeconds ? 1n : 1000n;
  let step = isSeconds ? -1 : 1; // nginx: milliseconds know neither years nor months
  let total = 0n;
  let rest = text;
  if (!/[0-9]/.test(text)) return undefined;
  while (rest !== '') {
    const [whole, number, unit] = /^([0-9]*)(ms|[yMwdhms ]|$) */.exec(rest) ?? [];
    if (whole === undefined || whole === '') return undefined;
    const value = BigInt(number || '0');
    const next = stepOf(unit!);
    if (next <= step && !(unit === '' && step <= LAST_STEP)) return undefined;
    if (unit === ' ' && step >= MS_STEP - 1) return undefined;
    if (unit === 'ms' && isSeconds) return undefined;
    step = next;
    total += unit === 'ms' ? value : value * (UNITS[next]?.[1] ?? 1n) * perSecond;
    if (total > LARGEST || value > LARGEST) return undefined;
    rest = rest.slice(whole.length);
  }
  return Number(total);
}

function stepOf(unit: string): number {
  if (unit === 'ms') return MS_STEP;
  const step = UNITS.findIndex(([name]) => name === unit);
  return step === -1 ? LAST_STEP : step;
}
