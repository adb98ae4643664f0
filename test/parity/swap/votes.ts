/** Votes of several people at once, through one stack. */
import assert from 'node:assert/strict';
import { field } from '../../harness/raw-client.ts';
import type { Form } from './html.ts';
import type { Stack } from './stacks.ts';
import { Visitor } from './visitor.ts';

/** The poll that they vote in, and its choices. */
const POLL = 4;
const CHOICES = [11, 12, 13];

/** How many votes each choice has, by its id. */
export type Tally = Readonly<Record<number, number>>;

/**
 * Lets `clients` visitors vote, `rounds` times: each opens its form, then all send theirs at once, for
 * the same choice, which is another one in the next round. Gives the votes of all choices before, and
 * as they must be now.
 */
export async function castVotes(
  { front, pool }: Stack,
  clients: number,
  rounds: number,
): Promise<{ readonly before: Tally; readonly wanted: Tally }> {
  const before = pool.votes();
  const wanted = { ...before };
  const visitors = Array.from({ length: clients }, () => new Visitor(front.folder));
  for (let round = 0; round < rounds; round++) {
    const choice = CHOICES[round % CHOICES.length]!;
    const forms = await Promise.all(visitors.map((visitor) => visitor.openForm(POLL)));
    await Promise.all(visitors.map((visitor, i) => voteOnce(visitor, forms[i]!, choice)));
    wanted[choice] = (wanted[choice] ?? 0) + clients;
  }
  return { before, wanted };
}

/** Sends the form, and looks at the results that it leads to. */
async function voteOnce(visitor: Visitor, form: Form, choice: number): Promise<void> {
  const answer = await visitor.submit(form, { choice: String(choice) });
  assert.match(String(answer.status), /^30[23]$/);
  const results = await visitor.get(field(answer, 'location') ?? '');
  assert.equal(results.status, 200);
}
