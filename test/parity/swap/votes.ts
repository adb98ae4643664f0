/** Votes of several people at once, through one stack. */
import assert from 'node:assert/strict';
import { field } from '../../harness/raw-client.ts';
import type { Stack } from './stacks.ts';
import { Visitor } from './visitor.ts';

/** The poll that they vote in, and its choices. */
const POLL = 4;
const CHOICES = [11, 12, 13];

/** How many votes each choice has, by its id. */
export type Tally = Readonly<Record<number, number>>;

/**
 * Lets `clients` visitors vote at once, each `times` in a row with a form opened for it, each for
 * one choice after the other. Gives the votes of all choices before, and as they must be now.
 */
export async function castVotes(
  { front, pool }: Stack,
  clients: number,
  times: number,
): Promise<{ readonly before: Tally; readonly wanted: Tally }> {
  const before = pool.votes();
  const wanted = { ...before };
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      const visitor = new Visitor(front.folder);
      for (let i = 0; i < times; i++) {
        const choice = CHOICES[(client + i) % CHOICES.length]!;
        await voteOnce(visitor, choice);
        wanted[choice] = (wanted[choice] ?? 0) + 1;
      }
    }),
  );
  return { before, wanted };
}

/** Opens the form, sends it, and looks at the results that it leads to. */
async function voteOnce(visitor: Visitor, choice: number): Promise<void> {
  const answer = await visitor.submit(await visitor.openForm(POLL), { choice: String(choice) });
  assert.match(String(answer.status), /^30[23]$/);
  const results = await visitor.get(field(answer, 'location') ?? '');
  assert.equal(results.status, 200);
}
