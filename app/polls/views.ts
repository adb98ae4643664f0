/** What each page of the polls answers. */

import { readForm } from '../framework/forms.ts';
import { paginate } from '../framework/paginator.ts';
import { redirect, render } from '../framework/shortcuts.ts';
import type { View } from '../framework/views.ts';
import { checkVote } from './forms.ts';
import { castVote, choicesOf, countQuestions, findQuestion, latestQuestions } from './models.ts';
import { tally } from './tally.ts';

/** Questions on a page of the index. */
const QUESTIONS_PER_PAGE = 10;

interface QuestionParams {
  readonly questionId: number;
}

/** The latest questions, page by page. */
export const index: View<unknown> = {
  async get(c) {
    const { database } = c.var.site;
    const count = await countQuestions(database);
    const page = paginate(count, QUESTIONS_PER_PAGE, c.req.query('page'));
    if (page === undefined) return c.notFound();
    const questions = await latestQuestions(database, page.limit, page.offset);
    return render(c, 'polls/index.html', { questions, page });
  },
};

/** One question with the form to vote. */
export const detail: View<QuestionParams> = {
  async get(c, { questionId }) {
    const { database } = c.var.site;
    const question = await findQuestion(database, questionId);
    if (question === undefined) return c.notFound();
    const choices = await choicesOf(database, questionId);
    return render(c, 'polls/detail.html', { question, choices, errors: {} });
  },
};

/** Counts a vote and leads to the results; without a choice shows the form again. */
export const vote: View<QuestionParams> = {
  async post(c, { questionId }) {
    const { database } = c.var.site;
    const question = await findQuestion(database, questionId);
    if (question === undefined) return c.notFound();
    const choices = await choicesOf(database, questionId);
    const form = checkVote(await readForm(c), choices);
    if (!form.isValid) {
      return render(c, 'polls/detail.html', { question, choices, errors: form.errors }, 400);
    }
    await castVote(database, form.values.choice.id);
    return redirect(c, 'polls:results', questionId);
  },
};

/** The votes of one question. */
export const results: View<QuestionParams> = {
  async get(c, { questionId }) {
    const { database } = c.var.site;
    const question = await findQuestion(database, questionId);
    if (question === undefined) return c.notFound();
    return render(c, 'polls/results.html', {
      question,
      ...tally(await choicesOf(database, questionId)),
    });
  },
};
