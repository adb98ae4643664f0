/** The results of a question, for programs. */

import { absoluteUrl } from '../framework/requests.ts';
import { withEntityTag } from '../framework/validators.ts';
import type { View } from '../framework/views.ts';
import { choicesOf, findQuestion } from './models.ts';
import { tally } from './tally.ts';

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
