/** The arithmetic of the benchmark: medians, spreads and ratios of rounds. */

/** What several rounds of one figure say. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: number;
}

/** The middle of the values; the mean of the two middle ones where their number is even; NaN of none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Median, least and greatest of the values, or undefined of none. */
export function spread(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  return {
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
    rounds: values.length,
  };
}

/**
 * How `values` compare with `reference`, round by round: a slow moment of the machine lasts longer
 * than one round, so a pair of neighbours says more than two medians do. Rounds that lack either
 * side (`undefined`) are left out.
 */
export function ratios(
  values: readonly (number | undefined)[],
  reference: readonly (number | undefined)[],
): Spread | undefined {
  const pairs: number[] = [];
  for (const [round, value] of values.entries()) {
    const other = reference[round];
    if (value !== undefined && other !== undefined && other > 0) pairs.push(value / other);
  }
  return spread(pairs);
}
