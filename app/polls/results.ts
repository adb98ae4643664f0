/** The results of a question, for the page and for programs. */

import { absoluteUrl } from '../framework/requests.ts';
import { withEntityTag } from '../framework/validators.ts';
import type { View } from '../framework/views.ts';
import { type Choice, choicesOf, findQuestion } from './models.ts';

/** Sums the votes and gives each choice its share in percent and whether it leads. */
export function tally(choices: readonly Choice[]) {
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

/** The votes of one question as JSON; times are ISO 8601 in UTC. */
export const resultsJson: View<{ readonly questionId: number }> = {
  get: withEntityTag(async (c, { questionId }) => {
    const { database, routes } = c.var.site;
    const question = await findQuestion(database, questionId);
    if (question === undefined) return c.notFound();
    const { total, choices } = tally(await choicesOf(database, questionId));
    c.header('Cache-Control', 'no-cache');
    return c.json({
      id: question.id,
      question: question.question_text,
      published: question.pub_date,
      url: absoluteUrl(c, routes.reverse('polls:results', questionId)),
      total,
      choices: choices.map(({ id, choice_text, votes, percent }) => ({
        id,
        choice: choice_text,
        votes,
        percent,
      })),
    });
  }),
};
