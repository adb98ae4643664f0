/** What each page of the polls answers. */

import { readForm } from '../framework/forms.ts';
import { message } from '../framework/i18n.ts';
import { paginate } from '../framework/paginator.ts';
import { redirect, render } from '../framework/shortcuts.ts';
import type { RequestContext, View } from '../framework/views.ts';
import { answerTo, keepAnswer } from './answers.ts';
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

/** One question with the form to vote, unless it is closed. */
export const detail: View<QuestionParams> = {
  async get(c, { questionId }) {
    const { database } = c.var.site;
    const question = await findQuestion(database, questionId);
    if (question === undefined) return c.notFound();
    const choices = await choicesOf(database, questionId);
    const chosen = await answerTo(c, questionId);
    return render(c, 'polls/detail.html', { question, choices, chosen, errors: {} });
  },
};

/** Counts a vote and leads to the results; where it cannot count, shows the page again. */
export const vote: View<QuestionParams> = {
  async post(c, { questionId }) {
    const { database } = c.var.site;
    const question = await findQuestion(database, questionId);
    if (question === undefined) return c.notFound();
    const form = checkVote(await readForm(c), await choicesOf(database, questionId));
    if (form.isValid && (await castVote(database, form.values.choice.id))) {
      await keepAnswer(c, questionId, form.values.choice.id);
      return redirect(c, 'polls:results', questionId);
    }
    const gone = { choice: message('That answer no longer exists.') };
    return refuseVote(c, questionId, form.isValid ? gone : form.errors);
  },
};

/** Says why a vote did not count: 403 where the question is closed by now, else 400 with the form. */
async function refuseVote(
  c: RequestContext,
  questionId: number,
  errors: Readonly<Record<string, string>>,
): Promise<Response> {
  const { database } = c.var.site;
  const question = await findQuestion(database, questionId);
  if (question === undefined) return c.notFound();
  const choices = await choicesOf(database, questionId);
  if (question.closed_at === null) {
    return render(c, 'polls/detail.html', { question, choices, chosen: null, errors }, 400);
  }
  const closed = { choice: message('Your vote was not counted.') };
  return render(c, 'polls/detail.html', { question, choices, chosen: null, errors: closed }, 403);
}

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
