/** The votes of one question, counted: what the page of results and its live stream show. */

import type { Choice } from './models.ts';

/** One choice with its share in percent, and whether no other has more votes. */
export type CountedChoice = Choice & { readonly percent: number; readonly leads: boolean };

/** The votes of one question. */
export interface Tally {
  readonly total: number;
  readonly choices: readonly CountedChoice[];
}

/** Sums the votes and gives each choice its share in percent and whether it leads. */
export function tally(choices: readonly Choice[]): Tally {
  const total = choices.reduce((sum, { votes }) => sum + votes, 0);
  const most = Math.max(0, ...choices.map(({ votes }) => votes));
  return {
    total,
    choices: choices.map((choice) => ({
      ...choice,
      percent: total === 0 ? 0 : Math.round((100 * choice.votes) / total),
      leads: choice.votes > 0 && choice.votes === most,
    })),
  };
}
